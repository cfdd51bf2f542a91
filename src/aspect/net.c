/*
 * The network namespace. A new one has a loopback interface that is down: the child sets it up, in three system calls. Devices of the host that are to move
 * in are moved by the parent (netdev.c).
 */
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "aspect/netdev.h"
#include "aspect/nswords.h"
#include "base/scope.h"
#include "base/sys.h"
#include "spec/oci.h"

static int net_check(struct plan *p)
{
	if (p->request->exec || p->spec->linux.net_devices.n == 0 || spec_namespace(p->spec, NAMESPACE_NETWORK))
		return 0;
	return fail(p->error, 0, "linux.netDevices: need a network namespace in linux.namespaces");
}

static int net_parent(struct plan *p, pid_t pid, int pidfd)
{
	(void)pidfd;
	if (p->request->exec || p->spec->linux.net_devices.n == 0)
		return 0;
	return netdev_move(p, pid);
}

/* Interface ioctls work on any socket (netdevice(7)); a unix one is the cheapest. */
static CHILD int net_enter(struct child *c)
{
	struct ifreq request;
	int fd, r;

	if ((c->plan->new_namespaces & CLONE_NEWNET) == 0)
		return 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return child_fail(c, FAULT("cannot make a socket"), errno, NULL, NULL);
	memset(&request, 0, sizeof(request));
	memcpy(request.ifr_name, "lo", sizeof("lo"));
	request.ifr_flags = IFF_UP;
	r = ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
	(void)close_fd(fd);
	return r < 0 ? child_fail(c, FAULT("cannot set the loopback interface up"), r, NULL, NULL) : 0;
}

static void net_explain(const struct plan *p, enum phase phase, struct explain *x)
{
	const struct net_device_list *devices = &p->spec->linux.net_devices;

	if (phase == PHASE_PREPARE)
		nswords_explain(p, NAMESPACE_NETWORK, "its interfaces, ports and abstract sockets", x);
	if (phase == PHASE_ENTER && (p->new_namespaces & CLONE_NEWNET) != 0)
		explain_step(x, "set the loopback interface up");
	for (size_t i = 0; phase == PHASE_PARENT && i < devices->n; i++)
		explain_step(x, "move the host's network device '%s' in as '%s', with its global permanent addresses, and set it up",
			devices->v[i].host_name, devices->v[i].name ? devices->v[i].name : devices->v[i].host_name);
}

/* runtime-spec 1.3, features-linux.md: netDevices */
static void net_features(struct json_writer *w)
{
	json_open_object(w, "netDevices");
	json_bool(w, "enabled", true);
	json_close_object(w);
}

const struct aspect aspect_net = {
	.id = ASPECT_NET,
	.check = net_check,
	.parent = net_parent,
	.enter = net_enter,
	.explain = net_explain,
	.features = net_features,
};

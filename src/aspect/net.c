/*
 * The network namespace. A new one has a loopback interface that is down: whoever makes it sets it up, in three system calls: the child, or a thread of the
 * parent's if the namespace comes late (net.h). Devices of the host that are to move in are moved by the parent (netdev.c).
 */
#include "aspect/net.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "aspect/netdev.h"
#include "aspect/nswords.h"
#include "aspect/protocol.h"
#include "base/scope.h"
#include "base/share.h"
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
static CHILD int any_socket(void)
{
	return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

/* @fd: any_socket() of the namespace. Return: 0 or -errno. */
static CHILD int loopback_up(int fd)
{
	struct ifreq request;

	memset(&request, 0, sizeof(request));
	memcpy(request.ifr_name, "lo", sizeof("lo"));
	request.ifr_flags = IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
}

/* the first number that is given out when all have been once (kernel/pid.c, RESERVED_PIDS) */
enum { OWN_NET_TID = 300 };

/* The child's own thread. @net: the namespace that it made, or -errno;  @error: of setting its loopback interface up */
struct own_net {
	void *stack;
	uint32_t running;
	int net, error;
};

static CHILD void make_own(void *argument)
{
	struct own_net *own = argument;
	int socket;

	own->net = net_make(&socket);
	own->error = own->net < 0 ? 0 : net_set_up(socket);
}

static CHILD int join_own(struct child *c)
{
	struct own_net *own = c->plan->data[ASPECT_NET];
	int r;

	share_join(&own->running);
	if (own->net < 0)
		return child_fail(c, FAULT("cannot make a network namespace"), own->net, NULL, NULL);
	if (own->error < 0)
		return child_fail(c, FAULT("cannot set the loopback interface up"), own->error, NULL, NULL);
	r = sys_setns(own->net, CLONE_NEWNET);
	(void)close_fd(own->net);
	c->net_joined = true;
	return r < 0 ? child_fail(c, FAULT("cannot join the new network namespace"), r, NULL, NULL) : 0;
}

static CHILD int net_enter(struct child *c)
{
	int fd, r;

	if (c->plan->own_net) {
		/* the command is process 2 */
		pid_t tid = c->plan->new_namespaces & CLONE_NEWPID ? OWN_NET_TID : 0;
		struct own_net *own = c->plan->data[ASPECT_NET];

		if (share_thread(own->stack, tid, make_own, own, &own->running) < 0)
			make_own(own); /* then not beside us: we join what we are in */
		return 0;
	}
	if ((c->plan->new_namespaces & CLONE_NEWNET) == 0 || c->plan->late_net)
		return 0;
	fd = any_socket();
	r = fd < 0 ? -errno : net_set_up(fd);
	return r < 0 ? child_fail(c, FAULT("cannot set the loopback interface up"), r, NULL, NULL) : 0;
}

/*
 * The calling thread's namespace: a socket belongs to it, and shows it to those only who have a say in it. The way through /proc takes three times as long.
 * Return: a descriptor, or -errno: -EPERM: it belongs to a user namespace that is not ours.
 */
static CHILD int open_net(int socket)
{
	int fd = socket < 0 ? -1 : ioctl(socket, SIOCGSKNS);

	return fd < 0 ? -errno : fd;
}

/* Whether nobody has to see it early. */
static bool may_come_late(const struct plan *p)
{
	const struct hooks *h = &p->spec->hooks;

	if (p->request->exec || (p->request->protocol && p->request->protocol->reports))
		return false;
	if (p->request->plugins) /* they are promised that the namespaces are there */
		return false;
	return (p->new_namespaces & CLONE_NEWNET) != 0 && p->spec->linux.net_devices.n == 0 && h->prestart.n == 0 && h->create_runtime.n == 0 &&
	       h->create_container.n == 0;
}

bool net_may_be_late(const struct plan *p)
{
	return may_come_late(p) && !p->has_userns && p->caller->privileged;
}

void net_choose(struct plan *p, bool hop)
{
	struct own_net *own;

	p->own_net = SHARE_IS_POSSIBLE && p->request->sandbox && !hop && (p->new_namespaces & CLONE_NEWUSER) != 0 && may_come_late(p);
	if (!p->own_net)
		return;
	own = arena_new(p->arena, struct own_net);
	own->stack = share_stack(p->arena);
	p->data[ASPECT_NET] = own;
}

CHILD int net_make(int *ret_socket)
{
	int fd = sys_unshare(CLONE_NEWNET);

	*ret_socket = NO_FD;
	if (fd < 0)
		return fd;
	*ret_socket = any_socket();
	fd = open_net(*ret_socket);
	if (fd < 0)
		*ret_socket = close_fd(*ret_socket);
	return fd;
}

CHILD int net_set_up(int socket)
{
	int r = loopback_up(socket);

	(void)close_fd(socket);
	return r;
}

CHILD int net_join(struct child *c)
{
	int fd, r;

	if (c->net_joined)
		return 0;
	if (c->plan->own_net)
		return join_own(c);
	if (!c->plan->late_net)
		return 0;
	fd = child_receive_fd(c);
	r = sys_setns(fd, CLONE_NEWNET); /* fails if it is none */
	(void)close_fd(fd);
	c->net_joined = true;
	return r < 0 ? child_fail(c, FAULT("cannot join the new network namespace"), r, NULL, NULL) : 0;
}

CHILD int net_join_first(struct child *c)
{
	return c->plan->own_net && c->plan->spec->linux.sysctl.n == 0 ? 0 : net_join(c);
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

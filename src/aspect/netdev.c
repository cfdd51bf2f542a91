/*
 * Moving network devices.
 *
 * A helper process does it: it opens one netlink socket on the host's side, enters the container's network namespace and opens another one there. Then,
 * for each device: find it, note its addresses (they are lost in the move), move and rename it in one request, find it again inside, give it its
 * addresses, set it up. The helper shares nothing with us but the plan it was copied with and a pipe for its report.
 */
#include "aspect/netdev.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>

#include "base/io.h"
#include "base/netlink.h"
#include "base/scope.h"
#include "base/spawn.h"
#include "base/sys.h"

enum {
	ADDRESSES_MAX = 64, /* of one device */
	LINKS_MAX = 1024,   /* of the container's namespace, when a name template makes us look for the newcomer */
	ADDRESS_BYTES = 16,
};

/* What can go wrong: X(id, message with the device's name before it) */
#define STEPS(X)                                                                   \
	X(ENTER, "cannot enter the container's network namespace")                 \
	X(FIND, "cannot find it on the host")                                      \
	X(READ, "cannot read its addresses")                                       \
	X(MOVE, "cannot move it into the container")                               \
	X(FIND_INSIDE, "cannot find it in the container")                          \
	X(ADDRESS, "cannot give it its addresses in the container")                \
	X(UP, "cannot set it up in the container")

enum step {
#define X(id, text) STEP_##id,
	STEPS(X)
#undef X
	STEP_MAX
};

static const char *const step_text[] = {
#define X(id, text) text,
	STEPS(X)
#undef X
};
_Static_assert(ARRAY_SIZE(step_text) == STEP_MAX, "one text a step");

/* The helper's report. @device: index into the spec's list;  @result: 0 or -errno */
struct report {
	uint32_t device, step;
	int32_t result;
};

/* An attribute of an address, as long as the kernel sent it; @length 0: it had none */
struct address_part {
	size_t length;
	char bytes[ADDRESS_BYTES];
};

struct address {
	unsigned char family, prefix;
	uint32_t flags;
	struct address_part local, address, broadcast;
};

/*
 * One device on its way.
 * @index: on the host, then inside
 * @known: the links that were inside before;  @newcomer: the one that was not
 */
struct device_state {
	int index;
	int newcomer;
	size_t n_addresses, n_known;
	struct address addresses[ADDRESSES_MAX];
	int known[LINKS_MAX];
};

static int take_index(void *arg, const struct nlmsghdr *message)
{
	const struct ifinfomsg *link = netlink_payload(message, sizeof(*link));

	if (!link || message->nlmsg_type != RTM_NEWLINK)
		return -EBADMSG;
	*(int *)arg = link->ifi_index;
	return 0;
}

/* Return: 0 or -errno. */
static int find_link(int socket, const char *name, int *ret_index)
{
	struct ifinfomsg link = { .ifi_family = AF_UNSPEC };
	struct netlink_request r;

	netlink_start(&r, RTM_GETLINK, 0, &link, sizeof(link));
	netlink_add_string(&r, IFLA_IFNAME, name);
	return netlink_talk(socket, &r, take_index, ret_index);
}

/* Copy an attribute that is an address. */
static void take_part(const struct nlmsghdr *message, uint16_t type, struct address_part *ret_part)
{
	size_t length = 0;
	const void *value = netlink_find(message, sizeof(struct ifaddrmsg), type, &length);

	ret_part->length = 0;
	if (!value || length > sizeof(ret_part->bytes))
		return;
	memcpy(ret_part->bytes, value, length);
	ret_part->length = length;
}

/* Note an address if it is this device's, permanent, and global: others belong to the place (link-local) or to who leased them (dynamic). */
static int take_address(void *arg, const struct nlmsghdr *message)
{
	struct device_state *d = arg;
	const struct ifaddrmsg *header = netlink_payload(message, sizeof(*header));
	struct address *a = &d->addresses[d->n_addresses];
	size_t length = 0;
	const void *flags;

	if (!header || message->nlmsg_type != RTM_NEWADDR)
		return -EBADMSG;
	if ((int)header->ifa_index != d->index || header->ifa_scope != RT_SCOPE_UNIVERSE)
		return 0;
	if (header->ifa_family != AF_INET && header->ifa_family != AF_INET6)
		return 0;
	flags = netlink_find(message, sizeof(*header), IFA_FLAGS, &length); /* ifa_flags has room for eight bits only */
	if (d->n_addresses == ADDRESSES_MAX)
		return -E2BIG;
	a->flags = header->ifa_flags;
	if (flags && length == sizeof(a->flags))
		memcpy(&a->flags, flags, sizeof(a->flags));
	if ((a->flags & IFA_F_PERMANENT) == 0)
		return 0;
	a->family = header->ifa_family;
	a->prefix = header->ifa_prefixlen;
	take_part(message, IFA_LOCAL, &a->local);
	take_part(message, IFA_ADDRESS, &a->address);
	take_part(message, IFA_BROADCAST, &a->broadcast);
	d->n_addresses++;
	return 0;
}

static int read_addresses(int socket, struct device_state *d)
{
	struct ifaddrmsg header = { .ifa_family = AF_UNSPEC, .ifa_index = (uint32_t)d->index };
	struct netlink_request r;
	int result, retries = 0;

	do {
		d->n_addresses = 0;
		netlink_start(&r, RTM_GETADDR, NLM_F_DUMP, &header, sizeof(header));
		result = netlink_talk(socket, &r, take_address, d);
	} while (result == -EAGAIN && ++retries < 8); /* somebody changed addresses while we read */
	return result;
}

/*
 * With the index and a name in one request the kernel moves the device, and then renames it on the other side; the name also serves if the old one is
 * taken there (do_setlink() in net/core/rtnetlink.c).
 */
static int move_link(int socket, int index, int namespace, const char *name)
{
	struct ifinfomsg link = { .ifi_family = AF_UNSPEC, .ifi_index = index };
	struct netlink_request r;

	netlink_start(&r, RTM_SETLINK, 0, &link, sizeof(link));
	netlink_add_u32(&r, IFLA_NET_NS_FD, (uint32_t)namespace);
	netlink_add_string(&r, IFLA_IFNAME, name);
	return netlink_talk(socket, &r, NULL, NULL);
}

static bool is_known(const struct device_state *d, int index)
{
	size_t i;

	for (i = 0; i < d->n_known; i++)
		if (d->known[i] == index)
			return true;
	return false;
}

static int take_known(void *arg, const struct nlmsghdr *message)
{
	struct device_state *d = arg;
	int index, r = take_index(&index, message);

	if (r < 0)
		return r;
	if (d->n_known == LINKS_MAX)
		return -E2BIG;
	d->known[d->n_known++] = index;
	return 0;
}

static int take_newcomer(void *arg, const struct nlmsghdr *message)
{
	struct device_state *d = arg;
	int index, r = take_index(&index, message);

	if (r == 0 && !is_known(d, index))
		d->newcomer = index;
	return r;
}

static int dump_links(int socket, int (*answer)(void *, const struct nlmsghdr *), struct device_state *d)
{
	struct ifinfomsg link = { .ifi_family = AF_UNSPEC };
	struct netlink_request r;

	netlink_start(&r, RTM_GETLINK, NLM_F_DUMP, &link, sizeof(link));
	return netlink_talk(socket, &r, answer, d);
}

/* "eth%d": the kernel chose the number, so the device is the link that was not there before */
static int find_newcomer(int socket, struct device_state *d)
{
	int r;

	d->newcomer = 0;
	r = dump_links(socket, take_newcomer, d);
	if (r < 0)
		return r;
	if (d->newcomer == 0)
		return -ENODEV;
	d->index = d->newcomer;
	return 0;
}

static void add_part(struct netlink_request *r, uint16_t type, const struct address_part *part)
{
	if (part->length > 0)
		netlink_add(r, type, part->bytes, part->length);
}

static int add_addresses(int socket, const struct device_state *d)
{
	/* what the kernel computes anew */
	const uint32_t state = IFA_F_PERMANENT | IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_DEPRECATED | IFA_F_TEMPORARY | IFA_F_SECONDARY;
	struct netlink_request r;
	size_t i;
	int result;

	for (i = 0; i < d->n_addresses; i++) {
		const struct address *a = &d->addresses[i];
		struct ifaddrmsg header = { .ifa_family = a->family, .ifa_prefixlen = a->prefix, .ifa_scope = RT_SCOPE_UNIVERSE,
			.ifa_index = (uint32_t)d->index };

		netlink_start(&r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &header, sizeof(header));
		add_part(&r, IFA_LOCAL, &a->local);
		add_part(&r, IFA_ADDRESS, &a->address);
		add_part(&r, IFA_BROADCAST, &a->broadcast);
		netlink_add_u32(&r, IFA_FLAGS, a->flags & ~state);
		result = netlink_talk(socket, &r, NULL, NULL);
		if (result < 0)
			return result;
	}
	return 0;
}

static int set_up(int socket, int index)
{
	struct ifinfomsg link = { .ifi_family = AF_UNSPEC, .ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	struct netlink_request r;

	netlink_start(&r, RTM_SETLINK, 0, &link, sizeof(link));
	return netlink_talk(socket, &r, NULL, NULL);
}

/* One device. On failure *ret_step says where. */
static int move_device(int host, int inside, int namespace, const struct net_device *device, uint32_t *ret_step)
{
	const char *name = device->name ? device->name : device->host_name;
	bool template = strchr(name, '%') != NULL;
	struct device_state d;
	int r;

	d.index = 0;
	d.n_addresses = d.n_known = 0;
	*ret_step = STEP_FIND;
	r = find_link(host, device->host_name, &d.index);
	if (r < 0)
		return r;
	*ret_step = STEP_READ;
	r = read_addresses(host, &d);
	if (r == 0 && template)
		r = dump_links(inside, take_known, &d);
	if (r < 0)
		return r;
	*ret_step = STEP_MOVE;
	r = move_link(host, d.index, namespace, name);
	if (r < 0)
		return r;
	*ret_step = STEP_FIND_INSIDE;
	r = template ? find_newcomer(inside, &d) : find_link(inside, name, &d.index);
	if (r < 0)
		return r;
	*ret_step = STEP_ADDRESS;
	r = add_addresses(inside, &d);
	if (r < 0)
		return r;
	*ret_step = STEP_UP;
	return set_up(inside, d.index);
}

/* The helper's whole life. */
static int move_all(const struct net_device_list *devices, int namespace, struct report *report)
{
	int host = netlink_open(), inside, r;

	report->step = STEP_ENTER;
	if (host < 0)
		return host;
	r = sys_setns(namespace, CLONE_NEWNET);
	if (r < 0)
		return r;
	inside = netlink_open();
	if (inside < 0)
		return inside;
	for (report->device = 0; report->device < devices->n; report->device++) {
		r = move_device(host, inside, namespace, &devices->v[report->device], &report->step);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Start the helper and read its report: *ret_report holds a result in any case. */
static int run_helper(const struct net_device_list *devices, int namespace, struct report *ret_report)
{
	struct clone_args args = { 0 }; /* no exit signal: the caller's handlers hear nothing of it */
	struct report report = { 0 };
	scope_fd int in = NO_FD, out = NO_FD;
	int ends[2];
	ssize_t n;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	in = ends[0];
	out = ends[1];
	pid = sys_clone3(&args, sizeof(args));
	if (pid == 0) {
		report.result = move_all(devices, namespace, &report);
		_exit(io_write_all(out, &report, sizeof(report)) < 0);
	}
	if (pid < 0)
		return pid;
	out = close_fd(out);
	do
		n = read(in, ret_report, sizeof(*ret_report));
	while (n < 0 && errno == EINTR);
	(void)spawn_wait(pid, NULL); /* gone is gone */
	return n == (ssize_t)sizeof(*ret_report) ? 0 : -ECHILD;
}

int netdev_move(const struct plan *p, pid_t pid)
{
	const struct net_device_list *devices = &p->spec->linux.net_devices;
	const char *path = arena_printf(p->arena, "/proc/%d/ns/net", (int)pid);
	scope_fd int namespace = open(path, O_RDONLY | O_CLOEXEC);
	struct report report = { 0 };
	int r;

	if (namespace < 0)
		return fail(p->error, errno, "linux.netDevices: cannot open '%s'", path);
	r = run_helper(devices, namespace, &report);
	if (r < 0)
		return fail(p->error, r, "linux.netDevices: the process that moves them failed");
	if (report.result == 0)
		return 0;
	if (report.device >= devices->n || report.step >= STEP_MAX || report.step == STEP_ENTER)
		return fail(p->error, report.result, "linux.netDevices: %s", step_text[STEP_ENTER]);
	return fail(p->error, report.result, "linux.netDevices[\"%s\"]: %s", devices->v[report.device].host_name, step_text[report.step]);
}

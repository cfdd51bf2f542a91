/* The truth table of run/hop.h: when one clone is not enough. */
#include "run/hop.h"

#include <sched.h>

#include "base/scope.h"
#include "unit.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

enum { NEW_ALL = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS };

#define JOIN(type) (1u << NAMESPACE_##type)

static char path[] = "/proc/1/ns/x";

enum offsets { NO_OFFSETS = 0, MONOTONIC = 1, BOOTTIME = 2 };

static bool ask(uint64_t new, unsigned int joined, enum offsets offsets, bool exec)
{
	struct namespace namespaces[NAMESPACE_MAX + 1];
	struct spec spec = { .has_process = true, .linux.namespaces.v = namespaces };
	struct request request = { .exec = exec };
	struct plan plan = { .spec = &spec, .request = &request, .new_namespaces = new };

	for (int type = 0; type < NAMESPACE_MAX; type++) {
		plan.join_fd[type] = NO_FD; /* before prepare */
		if (joined & (1u << type))
			namespaces[spec.linux.namespaces.n++] = (struct namespace){ .type = (enum namespace_type)type, .path = path };
	}
	/* one that is new does not count */
	namespaces[spec.linux.namespaces.n++] = (struct namespace){ .type = NAMESPACE_PID };
	spec.linux.time_offsets.monotonic.set = offsets & MONOTONIC;
	spec.linux.time_offsets.boottime.set = offsets & BOOTTIME;
	return hop_needed(&plan);
}

static void one_clone_makes_new_namespaces(void)
{
	CHECK(!ask(0, 0, NO_OFFSETS, false));
	CHECK(!ask(CLONE_NEWNS, 0, NO_OFFSETS, false));
	CHECK(!ask(NEW_ALL, 0, NO_OFFSETS, false));
	CHECK(!ask(NEW_ALL | CLONE_NEWUSER, 0, NO_OFFSETS, false));
	CHECK(!ask(NEW_ALL | CLONE_NEWUSER | CLONE_NEWCGROUP, 0, NO_OFFSETS, false));
}

static void the_child_joins_plain_namespaces_itself(void)
{
	CHECK(!ask(CLONE_NEWNS | CLONE_NEWPID, JOIN(NETWORK), NO_OFFSETS, false));
	CHECK(!ask(CLONE_NEWNS, JOIN(NETWORK) | JOIN(IPC) | JOIN(UTS), NO_OFFSETS, false));
	CHECK(!ask(CLONE_NEWNS, JOIN(CGROUP), NO_OFFSETS, false));
	CHECK(!ask(CLONE_NEWPID, JOIN(MOUNT), NO_OFFSETS, false));
}

static void a_joined_pid_namespace_is_for_children(void)
{
	CHECK(ask(CLONE_NEWNS, JOIN(PID), NO_OFFSETS, false));
	CHECK(ask(0, JOIN(PID) | JOIN(NETWORK), NO_OFFSETS, false));
}

static void a_joined_user_namespace_comes_first(void)
{
	CHECK(ask(CLONE_NEWNS, JOIN(USER), NO_OFFSETS, false));
	CHECK(ask(0, JOIN(USER) | JOIN(PID) | JOIN(MOUNT), NO_OFFSETS, false));
}

static void joining_comes_before_a_new_user_namespace(void)
{
	static const unsigned int each[] = { JOIN(NETWORK), JOIN(IPC), JOIN(UTS), JOIN(CGROUP), JOIN(MOUNT), JOIN(PID) };

	for (size_t i = 0; i < ARRAY_SIZE(each); i++)
		CHECK(ask(CLONE_NEWUSER, each[i], NO_OFFSETS, false));
}

static void offsets_are_written_before_anybody_is_there(void)
{
	CHECK(!ask(NEW_ALL | CLONE_NEWTIME, 0, NO_OFFSETS, false));
	CHECK(ask(NEW_ALL | CLONE_NEWTIME, 0, MONOTONIC, false));
	CHECK(ask(NEW_ALL | CLONE_NEWTIME, 0, BOOTTIME, false));
	CHECK(ask(CLONE_NEWTIME, 0, MONOTONIC | BOOTTIME, false));
	/* check refuses offsets without a new time namespace; the table does not care for them */
	CHECK(!ask(NEW_ALL, 0, MONOTONIC, false));
}

static void exec_joins_the_pid_namespace(void)
{
	CHECK(ask(0, 0, NO_OFFSETS, true));
}

int main(void)
{
	RUN(one_clone_makes_new_namespaces);
	RUN(the_child_joins_plain_namespaces_itself);
	RUN(a_joined_pid_namespace_is_for_children);
	RUN(a_joined_user_namespace_comes_first);
	RUN(joining_comes_before_a_new_user_namespace);
	RUN(offsets_are_written_before_anybody_is_there);
	RUN(exec_joins_the_pid_namespace);
	return unit_done();
}

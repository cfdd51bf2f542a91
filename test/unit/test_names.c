/* Every table: names are unique, found, and name their value; signals in all forms. */
#include <errno.h>

#include "base/scope.h"
#include "spec/names.h"
#include "unit.h"

static const struct names *const tables[] = {
	&names_namespaces, &names_actions,  &names_operators,	&names_arches,	   &names_seccomp_flags, &names_capabilities, &names_rlimits,
	&names_sched_policies, &names_sched_flags, &names_io_classes, &names_mpol_modes, &names_mpol_flags,	 &names_personalities, &names_propagations,
	&names_signals,
};

static void every_name_is_found_once(void)
{
	size_t i, j, k;
	uint64_t value;

	for (i = 0; i < ARRAY_SIZE(tables); i++) {
		CHECK(tables[i]->n > 0 && tables[i]->what);
		for (j = 0; j < tables[i]->n; j++) {
			value = ~(uint64_t)0;
			CHECK(names_find(tables[i], tables[i]->v[j].name, &value) == 0 && value == tables[i]->v[j].value);
			CHECK(names_of(tables[i], value) != NULL);
			for (k = 0; k < j; k++)
				CHECK(strcmp(tables[i]->v[j].name, tables[i]->v[k].name) != 0);
		}
		CHECK(names_find(tables[i], "nonsense", &value) == -ENOENT);
		CHECK(names_find(tables[i], "", &value) == -ENOENT);
		CHECK(names_of(tables[i], 0x123456789) == NULL);
	}
}

static void known_values(void)
{
	uint64_t value;

	CHECK(names_capabilities.n == 41);
	CHECK(names_find(&names_capabilities, "CAP_CHOWN", &value) == 0 && value == 0);
	CHECK(names_find(&names_capabilities, "CAP_CHECKPOINT_RESTORE", &value) == 0 && value == 40);
	CHECK_STRING(names_of(&names_capabilities, 21), "CAP_SYS_ADMIN");
	CHECK(names_find(&names_rlimits, "RLIMIT_NOFILE", &value) == 0 && value == 7);
	CHECK(names_find(&names_seccomp_flags, "SECCOMP_FILTER_FLAG_NEW_LISTENER", &value) == -ENOENT);
	CHECK(names_find(&names_propagations, "rslave", &value) == 0 && value == ((1 << 19) | (1 << 14)));
	CHECK_STRING(names_of(&names_signals, 6), "ABRT");
	CHECK_STRING(names_of(&names_namespaces, NAMESPACE_NETWORK), "network");
}

static int signal_of(const char *text)
{
	int value = -1;

	return names_signal(text, &value) < 0 ? -1 : value;
}

static void signals(void)
{
	CHECK(signal_of("TERM") == 15);
	CHECK(signal_of("SIGTERM") == 15);
	CHECK(signal_of("sigterm") == 15);
	CHECK(signal_of("15") == 15);
	CHECK(signal_of("0") == 0);
	CHECK(signal_of("CLD") == 17);
	CHECK(signal_of("RTMIN") == 34);
	CHECK(signal_of("RTMIN+3") == 37);
	CHECK(signal_of("SIGRTMIN+3") == 37);
	CHECK(signal_of("rtmax-1") == 63);
	CHECK(signal_of("RTMAX") == 64);
	CHECK(signal_of("RTMIN+30") == 64);
	CHECK(signal_of("RTMIN+31") == -1);
	CHECK(signal_of("RTMIN-1") == -1);
	CHECK(signal_of("RTMAX+1") == -1);
	CHECK(signal_of("65") == -1);
	CHECK(signal_of("-1") == -1);
	CHECK(signal_of("") == -1);
	CHECK(signal_of("SIG") == -1);
	CHECK(signal_of("TERMINATE") == -1);
}

int main(void)
{
	RUN(every_name_is_found_once);
	RUN(known_values);
	RUN(signals);
	return unit_done();
}

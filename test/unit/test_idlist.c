/* Lists of CPUs and memory nodes, and the schemata of resctrl: pure text work. */
#include "aspect_fixture.h"

#include "aspect/idlist.h"
#include "aspect/rdt.h"

static struct fixture f;

static void test_idlist(void)
{
	static const char *const bad[] = { "", ",", "1,", ",1", "1-", "-1", "3-2", "1--2", "a", "1 ", " 1", "0x1", "1-2-3", "+1", "99999999999999999999999" };
	struct idlist list;

	CHECK(idlist_parse("0", &list) == 0 && list.bits[0] == 1 && list.bits[1] == 0);
	CHECK(idlist_parse("0-3,7,5-5", &list) == 0 && list.bits[0] == 0xaf);
	CHECK(idlist_parse("63-64", &list) == 0 && list.bits[0] == 1ul << 63 && list.bits[1] == 1);
	CHECK(idlist_parse("0-1023", &list) == 0 && list.bits[IDLIST_MAX / IDLIST_WORD - 1] == ~0ul);
	CHECK(idlist_parse("1024", &list) == -ERANGE);
	CHECK(idlist_parse("0-4294967295", &list) == -ERANGE);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (idlist_parse(bad[i], &list) == 0) {
			unit_failed = true;
			printf("# '%s' was accepted\n", bad[i]);
		}
}

static void test_schemata(void)
{
	struct intel_rdt rdt = { 0 };

	CHECK(!rdt_schemata(&f.arena, &rdt));
	rdt.l3_cache_schema = (char[]){ "L3:0=ff;1=c0\nMB:0=10" };
	CHECK_STRING(rdt_schemata(&f.arena, &rdt), "L3:0=ff;1=c0\nMB:0=10\n");
	rdt.mem_bw_schema = (char[]){ "MB:0=70;1=20" };
	CHECK_STRING(rdt_schemata(&f.arena, &rdt), "L3:0=ff;1=c0\nMB:0=70;1=20\n");
	rdt.schemata = LIST(&f, "L2:0=f", "L3CODE:0=1\n");
	CHECK_STRING(rdt_schemata(&f.arena, &rdt), "L3:0=ff;1=c0\nMB:0=70;1=20\nL2:0=f\nL3CODE:0=1\n");
}

static void test_matches(void)
{
	static const char have[] = "    L3:0=00ff;1=c0;10=1\n    MB:0= 70;1=20\nL3CODE:0=f\n";

	CHECK(rdt_matches("", have));
	CHECK(rdt_matches("L3:0=ff\n", have));
	CHECK(rdt_matches("L3:0=0FF;1=C0;10=1\nL3CODE:0=f\n", have));
	CHECK(!rdt_matches("L3:0=fe\n", have));
	CHECK(!rdt_matches("L3:2=1\n", have));
	CHECK(!rdt_matches("L2:0=ff\n", have));
	CHECK(!rdt_matches("nonsense\n", have));
	CHECK(!rdt_matches("L3:0\n", have));
	CHECK(!rdt_matches("L3:0=ff\nL3:1=c1\n", have));
}

static void test_rdt_check(void)
{
	struct intel_rdt rdt = { .clos_id = (char[]){ "../x" } };

	CHECK(fixture_plan(&f, &aspect_rdt) == 0);
	f.spec.linux.intel_rdt = &rdt;
	CHECK(aspect_rdt.check(&f.plan) < 0);
	CHECK_STRING(f.error.text, "linux.intelRdt.closID: expected a name without slashes, got '../x'");
	rdt.clos_id = (char[]){ "/" };
	CHECK(aspect_rdt.check(&f.plan) == 0);
	rdt.clos_id = NULL;
	CHECK(aspect_rdt.check(&f.plan) == 0);
	if (access("/sys/fs/resctrl/schemata", F_OK) < 0) {
		CHECK(aspect_rdt.prepare(&f.plan) < 0 && !f.facts.rdt_dir);
		CHECK_STRING(f.error.text, "linux.intelRdt: this host has no resctrl filesystem on '/sys/fs/resctrl'");
	}
}

static void test_rdt_undo(void)
{
	char dir[] = "/tmp/hull-unit-XXXXXX";
	struct undo u = { .facts = &f.facts, .arena = &f.arena, .error = &f.error, .log = &f.log };

	CHECK(aspect_rdt.undo(&u) == 0);
	CHECK(mkdtemp(dir) != NULL);
	f.facts.rdt_dir = dir;
	CHECK(aspect_rdt.undo(&u) == 0 && access(dir, F_OK) < 0);
	CHECK(aspect_rdt.undo(&u) == 0);
}

int main(void)
{
	TEST(test_idlist);
	TEST(test_schemata);
	TEST(test_matches);
	TEST(test_rdt_check);
	TEST(test_rdt_undo);
	(void)fixture_child; /* nothing here needs a child */
	return unit_done();
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A scenario runs twice: on two plain UDP sockets that are connected to each
 * other, and on two that are attached and have their keys. What it sees must be
 * the same line by line, but for the differences that its test names with their
 * reasons. A sniffer is beside both: the first run shows that it would find the
 * plaintext, the second that there's none.
 */
#ifndef SELFTESTS_COMPARE_H
#define SELFTESTS_COMPARE_H

#include "check.h"
#include "run.h"

/* What a call returns, and errno if it fails. */
#define SEE(call) SEE_AS(call, "%s", #call)
#define SEE_AS(call, ...)                        \
	do {                                     \
		long _value;                     \
		errno = 0;                       \
		_value = (long)(call);           \
		see(run, _value, ##__VA_ARGS__); \
	} while (0)

/* All that was sent stands in its socket's queue. */
#define SETTLE() ASSERT_EQ(0, bed_settle(&run->bed))

/* Tests that compare, on each family. */
#define FIXTURE_COMPARE(name)                                             \
	FIXTURE(name) {};                                                 \
	FIXTURE_VARIANT(name)                                             \
	{                                                                 \
		enum bed_family family;                                   \
	};                                                                \
	FIXTURE_VARIANT_ADD(name, ipv4) { .family = BED_IPV4 };           \
	FIXTURE_VARIANT_ADD(name, ipv6) { .family = BED_IPV6 };           \
	FIXTURE_VARIANT_ADD(name, mapped) { .family = BED_MAPPED };       \
	FIXTURE_SETUP(name)                                               \
	{                                                                 \
	}                                                                 \
	FIXTURE_TEARDOWN(name)                                            \
	{                                                                 \
		if (_metadata->exit_code && compare_under_way)            \
			TH_LOG("this was the run %s", compare_under_way); \
	}

/*
 * A test of such a fixture; its body sees @run and _metadata. @differences ends
 * with an empty one.
 */
#define SCENARIO(fixture, name) SCENARIO_BUT(fixture, name, NULL)
#define SCENARIO_BUT(fixture, name, differences)                       \
	static void scenario_##name(struct __test_metadata *_metadata, \
				    struct run *run);                  \
	TEST_F(fixture, name)                                          \
	{                                                              \
		compare(_metadata, variant->family, scenario_##name,   \
			differences);                                  \
	}                                                              \
	static void scenario_##name(struct __test_metadata             \
					    __attribute__((unused)) *  \
					    _metadata,                 \
				    struct run * run)

CHECK const char *compare_under_way;

typedef void scenario_t(struct __test_metadata *_metadata, struct run *run);

CHECK void compare_run(struct __test_metadata *_metadata, struct run *run,
		       enum bed_family family, int keyed, scenario_t *scenario)
{
	const char *problem;

	compare_under_way = keyed ? "with keys" : "on plain UDP";
	ASSERT_EQ(0, run_begin(run, family, keyed))
	TH_LOG("%s", strerror(errno));
	scenario(_metadata, run);
	ASSERT_EQ(0, run_end(run))
	TH_LOG("the sniffer: %s", strerror(errno));
	problem = run_problem(run);
	EXPECT_EQ(NULL, problem)
	TH_LOG("%s: %s", compare_under_way, problem);
	compare_under_way = NULL;
}

CHECK void compare(struct __test_metadata *_metadata, enum bed_family family,
		   scenario_t *scenario, const struct difference *differences)
{
	static struct run plain, keyed;
	const char *mismatch;

	compare_run(_metadata, &plain, family, 0, scenario);
	compare_run(_metadata, &keyed, family, 1, scenario);
	mismatch = run_mismatch(&plain, &keyed, differences);
	EXPECT_EQ(NULL, mismatch)
	TH_LOG("%s", mismatch);
}

#endif /* SELFTESTS_COMPARE_H */

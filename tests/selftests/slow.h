/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A kernel that checks each access to memory and each lock takes ten times as
 * long. tests/guest says so by KDTLS_SLOW, and what only repeats is done less
 * often there: what it would find the stock kernels' runs find.
 */
#ifndef SELFTESTS_SLOW_H
#define SELFTESTS_SLOW_H

#include <stdio.h>
#include <stdlib.h>

#include <kselftest_harness.h>

#define SLOWER 10
#define SHARED 4

__attribute__((unused)) static int is_slow(void)
{
	return getenv("KDTLS_SLOW") != NULL;
}

/* How often to do what is the same each time. */
__attribute__((unused)) static unsigned int times(unsigned int often)
{
	return is_slow() && often > SLOWER ? often / SLOWER : often;
}

/*
 * The harness ends a test that hangs, after 30 seconds: of a real machine's, not
 * of one of three that share two processors and translate each instruction.
 */
static void extend_timeouts(struct __fixture_metadata *f)
{
	for (struct __test_metadata *t = f->tests; t; t = t->next)
		t->timeout *= is_slow() ? SLOWER : SHARED;
}

/* Tests that are run, each named by an option and its argument. */
struct turns {
	char **args;
	int count;
};

static void turns_add(struct turns *turns, const struct __fixture_metadata *f,
		      const struct __fixture_variant_metadata *v,
		      const struct __test_metadata *t)
{
	turns->args = realloc(turns->args, ((size_t)turns->count + 3) *
						   sizeof(*turns->args));
	if (!turns->args ||
	    asprintf(&turns->args[turns->count + 1], "%s%s%s.%s", f->name,
		     v ? "." : "", v ? v->name : "", t->name) < 0)
		abort();
	turns->args[turns->count] = "-r";
	turns->count += 2;
	turns->args[turns->count] = NULL;
}

/* Tests and variants of @f in turn, until there has been each of both. */
static void turns_add_fixture(struct turns *turns, struct __fixture_metadata *f)
{
	struct __fixture_variant_metadata *v = f->variant;
	struct __test_metadata *t = f->tests;
	int tests_left = t != NULL, variants_left = t && v;

	while (tests_left || variants_left) {
		turns_add(turns, f, v, t);
		t = t->next;
		v = v ? v->next : NULL;
		tests_left = tests_left && t;
		variants_left = variants_left && v;
		t = t ?: f->tests;
		v = v ?: f->variant;
	}
}

/* main() of a program. What the command line asks for is done as it says. */
static int run_tests(int argc, char **argv)
{
	struct turns turns = { .count = 1 };

	for (struct __fixture_metadata *f = __fixture_list; f; f = f->next)
		extend_timeouts(f);
	if (argc > 1 || !is_slow())
		return test_harness_run(argc, argv);
	turns.args = calloc(2, sizeof(*turns.args));
	if (!turns.args)
		abort();
	turns.args[0] = argv[0];
	for (struct __fixture_metadata *f = __fixture_list; f; f = f->next)
		turns_add_fixture(&turns, f);
	return test_harness_run(turns.count, turns.args);
}

#undef TEST_HARNESS_MAIN
#define TEST_HARNESS_MAIN                     \
	int main(int argc, char **argv)       \
	{                                     \
		return run_tests(argc, argv); \
	}

#endif /* SELFTESTS_SLOW_H */

// SPDX-License-Identifier: GPL-2.0
/* The replay window against a model that keeps a list of all numbers. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "replay.h"
#include "unit.h"

#define SEQ_MAX   ((1ULL << 48) - 1)
#define STEPS     3000
#define WORDS_MAX (DTLS_REPLAY_BITS_MAX / 64)

static const u32 widths[] = { 64, 128, 256, 512, 1024, 2048, 4096, 8192 };

#define WIDTHS (sizeof(widths) / sizeof(widths[0]))

/* All numbers that were accepted; those below @first count as accepted. */
struct model {
	u32 bits;
	u64 first, next;
	size_t count;
	u64 seen[STEPS];
};

static bool model_has(const struct model *model, u64 seq)
{
	if (seq < model->first)
		return true;
	for (size_t i = 0; i < model->count; i++)
		if (model->seen[i] == seq)
			return true;
	return false;
}

static int model_check(const struct model *model, u64 seq)
{
	/* The window holds next - bits to next - 1. */
	if (seq + model->bits < model->next)
		return -ERANGE;
	return model_has(model, seq) ? -EALREADY : 0;
}

static void model_accept(struct model *model, u64 seq)
{
	model->seen[model->count++] = seq;
	if (seq >= model->next)
		model->next = seq + 1;
}

/*
 * Of the size that dtls_replay_size() says, so that the address sanitizer sees
 * each step outside; and full of rubbish, as kmalloc() gives it.
 */
static struct dtls_replay *window_new(u32 bits, u64 next)
{
	struct dtls_replay *win = malloc(sizeof(*win));
	u64 *ring = malloc(dtls_replay_size(bits));

	memset(win, 0xa5, sizeof(*win));
	memset(ring, 0xa5, dtls_replay_size(bits));
	dtls_replay_init(win, ring, bits, next);
	return win;
}

static void window_free(struct dtls_replay *win)
{
	free(win->ring);
	free(win);
}

/* Numbers where something may go wrong: edges, borders of words, repetitions. */
static u64 interesting_seq(const struct model *model)
{
	u64 top = model->next, bits = model->bits, seq;

	switch (random_below(10)) {
	case 0:
		seq = top + random_below(4);
		break;
	case 1:
		seq = top - bits + random_below(5) - 2;
		break;
	case 2:
		seq = top + bits * random_below(4) + random_below(5) - 2;
		break;
	case 3:
		seq = (top & ~63ULL) + 64 * (random_below(9) - 4) +
		      random_below(3) - 1;
		break;
	case 4:
		seq = model->count ? model->seen[random_below(model->count)] :
				     0;
		break;
	case 5:
		seq = random_below(100) ? top : top + random_below(1ULL << 30);
		break;
	case 6:
		seq = model->first + random_below(3) - 1;
		break;
	default:
		seq = top - bits - 2 + random_below(bits + 66);
		break;
	}
	/* Below zero wrapped around: there's no such number. */
	return seq <= SEQ_MAX ? seq : random_below(top + 1);
}

static void walk(u32 bits, u64 first)
{
	static struct model model;
	struct dtls_replay *win = window_new(bits, first);

	model = (struct model) { .bits = bits, .first = first, .next = first };
	for (int i = 0; i < STEPS; i++) {
		u64 seq = interesting_seq(&model);
		int expected = model_check(&model, seq);

		if (seq > SEQ_MAX)
			continue;
		CHECK(dtls_replay_check(win, seq) == expected);
		/* A check changes nothing. */
		CHECK(dtls_replay_check(win, seq) == expected);
		CHECK(dtls_replay_accept(win, seq) == expected);
		if (!expected)
			model_accept(&model, seq);
		CHECK(win->next == model.next);
		CHECK(dtls_replay_accept(win, seq) != 0);
	}
	window_free(win);
}

static void A13_random_walks_agree_with_the_model(void)
{
	for (size_t i = 0; i < WIDTHS; i++) {
		walk(widths[i], 0);
		walk(widths[i], 1);
		walk(widths[i], widths[i]);
		walk(widths[i], random_below(1ULL << 40));
		walk(widths[i], SEQ_MAX - 2 * widths[i]);
		walk(widths[i], SEQ_MAX + 1);
	}
}

static void A13_every_number_is_accepted_once(void)
{
	for (size_t i = 0; i < WIDTHS; i++) {
		struct dtls_replay *win = window_new(widths[i], 0);

		for (u64 seq = 0; seq < 5ULL * widths[i]; seq++) {
			CHECK(dtls_replay_accept(win, seq) == 0);
			CHECK(dtls_replay_accept(win, seq) == -EALREADY);
		}
		for (u64 age = 1; age <= widths[i]; age++)
			CHECK(dtls_replay_check(win, win->next - age) ==
			      -EALREADY);
		CHECK(dtls_replay_check(win, win->next - widths[i] - 1) ==
		      -ERANGE);
		window_free(win);
	}
}

/* Backwards through the whole window, once from each place in a word. */
static void A13_whole_window_fills_backwards(void)
{
	for (size_t i = 0; i < WIDTHS; i++) {
		for (u64 top = 3 * widths[i]; top < 3 * widths[i] + 64;
		     top += 7) {
			struct dtls_replay *win = window_new(widths[i], 0);

			for (u64 age = 0; age < widths[i]; age++)
				CHECK(dtls_replay_accept(win, top - age) == 0);
			CHECK(dtls_replay_accept(win, top - widths[i]) ==
			      -ERANGE);
			for (u64 age = 0; age < widths[i]; age++)
				CHECK(dtls_replay_check(win, top - age) ==
				      -EALREADY);
			window_free(win);
		}
	}
}

/* After a jump of any length, what it passed is open. */
static void A13_jumps_leave_nothing_behind(void)
{
	for (size_t i = 0; i < WIDTHS; i++) {
		u64 bits = widths[i];

		for (int n = 0; n < 60; n++) {
			u64 jump = 1 + random_below(5 * bits);
			u64 top = 4 * bits + random_below(64);
			struct dtls_replay *win = window_new(bits, top);

			CHECK(dtls_replay_accept(win, top + jump) == 0);
			for (u64 age = 0; age < bits; age++) {
				u64 seq = top + jump - age;

				CHECK(dtls_replay_check(win, seq) ==
				      (age && seq >= top ? 0 : -EALREADY));
			}
			window_free(win);
		}
	}
}

static bool map_has(const u64 *map, u64 i)
{
	return map[i / 64] >> i % 64 & 1;
}

/* What dtls_replay_load() says of number next - 1 - i. */
static int loaded(u32 bits, u64 i, const u64 *map, u32 words)
{
	if (i >= bits)
		return -ERANGE;
	return i >= 64ULL * words || map_has(map, i) ? -EALREADY : 0;
}

/* A random map without bits for numbers below zero. */
static void random_map(u64 *map, u32 words, u64 next)
{
	for (u64 i = 0; i < 64ULL * words; i++) {
		if (i % 64 == 0)
			map[i / 64] = random_u64();
		if (i >= next)
			map[i / 64] &= ~(1ULL << i % 64);
	}
}

static void load_and_compare(u32 bits, u64 next, u32 words)
{
	u64 map[WORDS_MAX], stored[WORDS_MAX];
	struct dtls_replay *win = window_new(bits, random_below(1 << 20));

	random_map(map, words, next);
	dtls_replay_load(win, next, map, words);
	CHECK(win->next == next);
	for (u64 i = 0; i < bits + 70 && i < next; i++)
		CHECK(dtls_replay_check(win, next - 1 - i) ==
		      loaded(bits, i, map, words));
	if (next <= SEQ_MAX)
		CHECK(dtls_replay_check(win, next) == 0);

	memset(stored, 0x5a, sizeof(stored));
	dtls_replay_store(win, stored, WORDS_MAX);
	for (u64 i = 0; i < 64 * WORDS_MAX; i++)
		CHECK(map_has(stored, i) ==
		      (i < next && loaded(bits, i, map, words) != 0));
	window_free(win);
}

static void A15_loaded_maps_are_what_is_stored(void)
{
	for (size_t i = 0; i < WIDTHS; i++) {
		const u64 nexts[] = {
			0,         1,
			63,        64,
			65,        widths[i] - 1,
			widths[i], widths[i] + 1,
			9000,      100000 + random_below(1000),
			SEQ_MAX,   SEQ_MAX + 1,
		};
		for (size_t n = 0; n < sizeof(nexts) / sizeof(*nexts); n++) {
			load_and_compare(widths[i], nexts[n], 0);
			load_and_compare(widths[i], nexts[n], 1);
			load_and_compare(widths[i], nexts[n], 3);
			load_and_compare(widths[i], nexts[n], widths[i] / 64);
			load_and_compare(widths[i], nexts[n], WORDS_MAX);
		}
	}
}

/* Fewer words are a prefix, and no byte more is written. */
static void store_keeps_to_its_words(void)
{
	struct dtls_replay *win = window_new(256, 1000);

	for (u32 words = 0; words <= 8; words++) {
		u64 *map = malloc(8 * words + 1);

		CHECK(dtls_replay_accept(win, 1010 + 13 * words) == 0);
		dtls_replay_store(win, map, words);
		for (u64 i = 0; i < 64 * words; i++)
			CHECK(map_has(map, i) ==
			      (dtls_replay_check(win, win->next - 1 - i) != 0));
		free(map);
	}
	window_free(win);
}

static void widths_are_powers_of_two(void)
{
	size_t valid = 0;

	for (u32 bits = 0; bits < 20000; bits++)
		valid += dtls_replay_bits_are_valid(bits);
	CHECK(valid == WIDTHS);
	for (size_t i = 0; i < WIDTHS; i++)
		CHECK(dtls_replay_bits_are_valid(widths[i]));
	CHECK(!dtls_replay_bits_are_valid(1u << 31));
	CHECK(!dtls_replay_bits_are_valid(~0u));
}

int main(void)
{
	RUN(A13_random_walks_agree_with_the_model);
	RUN(A13_every_number_is_accepted_once);
	RUN(A13_whole_window_fills_backwards);
	RUN(A13_jumps_leave_nothing_behind);
	RUN(A15_loaded_maps_are_what_is_stored);
	RUN(store_keeps_to_its_words);
	RUN(widths_are_powers_of_two);
	DONE();
}

// SPDX-License-Identifier: GPL-2.0
/* DTLS_PARAMS, DTLS_RX_WINDOW, DTLS_STATS and DTLS_INFO as options. */
#include "check.h"

/* The length of a struct dtls_window with this many words. */
#define WINDOW_LEN(words) \
	(offsetof(struct dtls_window, bitmap) + 8 * (size_t)(words))

FIXTURE_BED_FAMILY(params)

FIXTURE_SETUP(params)
{
	BED_SETUP();
}

FIXTURE_TEARDOWN(params)
{
}

static int set(int fd, int name, const void *value, size_t len)
{
	return setsockopt(fd, SOL_TLS, name, value, (socklen_t)len);
}

static int get(int fd, int name, void *value, socklen_t len)
{
	return getsockopt(fd, SOL_TLS, name, value, &len);
}

static struct dtls_params params_of(int fd)
{
	struct dtls_params params;

	memset(&params, 0xff, sizeof(params));
	if (get(fd, DTLS_PARAMS, &params, sizeof(params)))
		memset(&params, 0xff, sizeof(params));
	return params;
}

static uint32_t window_bits(int fd)
{
	return params_of(fd).window_bits;
}

TEST_F(params, window_is_1024_wide_by_default)
{
	struct dtls_window window = { .epoch = 1 };

	EXPECT_EQ(DTLS_WINDOW_DEFAULT, window_bits(self->bed.fd));
	ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_RX, &self->bed.rx, 1, 0));
	ASSERT_EQ(0, get(self->bed.fd, DTLS_RX_WINDOW, &window, sizeof(window)));
	EXPECT_EQ(DTLS_WINDOW_DEFAULT, window.window_bits);
}

TEST_F(params, window_takes_powers_of_two)
{
	for (uint32_t bits = 64; bits <= 8192; bits *= 2) {
		ASSERT_EQ(0, dtls_window_bits(self->bed.fd, bits));
		EXPECT_EQ(bits, window_bits(self->bed.fd));
	}
}

TEST_F(params, other_widths_are_refused)
{
	static const uint32_t others[] = { 0,    1,    2,     32,       63,
					   65,   96,   127,   1000,     1023,
					   8191, 8193, 16384, 1u << 31, ~0u };

	ASSERT_EQ(0, dtls_window_bits(self->bed.fd, 256));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		EXPECT_ERRNO(EINVAL, dtls_window_bits(self->bed.fd, others[i]));
	EXPECT_EQ(256, window_bits(self->bed.fd));
}

TEST_F(params, flags_are_told)
{
	int fd = self->bed.fd;

	EXPECT_EQ(0, params_of(fd).flags);
	ASSERT_EQ(0, dtls_params(fd, 128, DTLS_PARAM_CCM_8));
	EXPECT_EQ(DTLS_PARAM_CCM_8, params_of(fd).flags);
	EXPECT_EQ(128, window_bits(fd));
	ASSERT_EQ(0, dtls_params(fd, 256, 0));
	EXPECT_EQ(0, params_of(fd).flags);
	EXPECT_EQ(256, window_bits(fd));
}

TEST_F(params, unknown_flags_are_refused)
{
	int fd = self->bed.fd;

	ASSERT_EQ(0, dtls_params(fd, 256, DTLS_PARAM_CCM_8));
	for (int bit = 2; bit < 32; bit++) {
		EXPECT_ERRNO(EINVAL, dtls_params(fd, 128, 1u << bit));
		EXPECT_ERRNO(EINVAL, dtls_params(fd, 128,
						 1u << bit | DTLS_PARAM_CCM_8));
	}
	EXPECT_ERRNO(EINVAL, dtls_params(fd, 128, ~0u));
	EXPECT_EQ(256, window_bits(fd));
	EXPECT_EQ(DTLS_PARAM_CCM_8, params_of(fd).flags);
}

/* Neither half of what's refused is taken. */
TEST_F(params, flags_of_another_width_are_refused)
{
	EXPECT_ERRNO(EINVAL, dtls_params(self->bed.fd, 100, DTLS_PARAM_CCM_8));
	EXPECT_EQ(DTLS_WINDOW_DEFAULT, window_bits(self->bed.fd));
	EXPECT_EQ(0, params_of(self->bed.fd).flags);
}

TEST_F(params, other_lengths_are_refused)
{
	struct dtls_params params[2] = { params_of(self->bed.fd) };
	struct dtls_params before = params[0], after;

	params[0].window_bits = 128;
	for (size_t len = 0; len <= sizeof(params); len++) {
		/* Whole members, the first two at least. */
		if (len >= 8 && len <= sizeof(params[0]) && len % 4 == 0)
			continue;
		EXPECT_ERRNO(EINVAL,
			     set(self->bed.fd, DTLS_PARAMS, params, len));
	}
	after = params_of(self->bed.fd);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
}

TEST_F(params, all_have_defaults)
{
	struct dtls_params expected = {
		.window_bits = DTLS_WINDOW_DEFAULT,
		.rx_epochs = DTLS_RX_EPOCHS_DEFAULT,
		.tx_payload_max = DTLS_MAX_PAYLOAD,
		.rx_payload_max = DTLS_MAX_PAYLOAD,
	};
	struct dtls_params params = params_of(self->bed.fd);

	EXPECT_EQ(0, memcmp(&expected, &params, sizeof(params)));
}

/* None of them is a default, all are allowed. */
static const struct dtls_params others = {
	.window_bits = 256,
	.flags = DTLS_PARAM_CCM_8 | DTLS_PARAM_SOFT_LIMITS,
	.rx_epochs = 3,
	.rx_epoch_ms = INT32_MAX,
	.tx_pad = DTLS_MAX_PAYLOAD,
	.tx_payload_max = DTLS_PAYLOAD_LIMIT_MIN,
	.rx_payload_max = DTLS_PAYLOAD_LIMIT_MIN + 1,
};

/* A program that knows the first members only leaves the others alone. */
TEST_F(params, first_members_may_be_set_alone)
{
	struct dtls_params defaults = params_of(self->bed.fd);
	int fd = self->bed.fd;

	for (size_t len = 8; len <= sizeof(others); len += 4) {
		struct dtls_params expected = defaults, seen;

		ASSERT_EQ(0, set(fd, DTLS_PARAMS, &defaults, sizeof(defaults)));
		ASSERT_EQ(0, set(fd, DTLS_PARAMS, &others, len));
		memcpy(&expected, &others, len);
		seen = params_of(fd);
		EXPECT_EQ(0, memcmp(&expected, &seen, sizeof(seen)))
		TH_LOG("length %zu", len);
	}
}

TEST_F(params, bad_values_are_refused)
{
	static const struct {
		size_t offset;
		uint32_t bad[5];
	} table[] = {
		{ offsetof(struct dtls_params, window_bits),
		  { 0, 63, 65, 16384, ~0u } },
		{ offsetof(struct dtls_params, flags),
		  { 4, 8, 1u << 31, ~0u, 7 } },
		{ offsetof(struct dtls_params, rx_epochs),
		  { 0, 5, 6, 1u << 31, ~0u } },
		{ offsetof(struct dtls_params, rx_epoch_ms),
		  { 1u << 31, (1u << 31) + 1, 3000000000, ~0u - 1, ~0u } },
		{ offsetof(struct dtls_params, tx_pad),
		  { 16385, 16386, 65536, 1u << 31, ~0u } },
		{ offsetof(struct dtls_params, tx_payload_max),
		  { 0, 1, 63, 16385, ~0u } },
		{ offsetof(struct dtls_params, rx_payload_max),
		  { 0, 1, 63, 16385, ~0u } },
		{ offsetof(struct dtls_params, reserved),
		  { 1, 2, 64, 1u << 31, ~0u } },
	};
	struct dtls_params before = params_of(self->bed.fd);

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(table[i].bad); j++) {
			struct dtls_params params = others, after;

			memcpy((char *)&params + table[i].offset,
			       &table[i].bad[j], 4);
			EXPECT_ERRNO(EINVAL, set(self->bed.fd, DTLS_PARAMS,
						 &params, sizeof(params)));
			after = params_of(self->bed.fd);
			EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)))
			TH_LOG("offset %zu: %u", table[i].offset,
			       table[i].bad[j]);
		}
	}
}

TEST_F(params, a_key_settles_all_of_them)
{
	struct dtls_params seen;
	int fd = self->bed.fd;

	ASSERT_EQ(0, set(fd, DTLS_PARAMS, &others, sizeof(others)));
	ASSERT_EQ(0, dtls_key(fd, TLS_TX, &self->bed.tx, 1, 0));
	for (size_t len = 8; len <= sizeof(others); len += 4)
		EXPECT_ERRNO(EBUSY, set(fd, DTLS_PARAMS, &others, len));
	seen = params_of(fd);
	EXPECT_EQ(0, memcmp(&others, &seen, sizeof(seen)));
}

TEST_F(params, bad_pointer_is_refused)
{
	struct dtls_params params;

	EXPECT_ERRNO(EFAULT,
		     set(self->bed.fd, DTLS_PARAMS, NULL, sizeof(params)));
	EXPECT_ERRNO(EFAULT,
		     get(self->bed.fd, DTLS_PARAMS, NULL, sizeof(params)));
	EXPECT_ERRNO(EFAULT, getsockopt(self->bed.fd, SOL_TLS, DTLS_PARAMS,
					&params, NULL));
}

#define EXPECT_SETTLED(bits, the_flags)                                        \
	do {                                                                   \
		int _fd = self->bed.fd;                                        \
		EXPECT_ERRNO(EBUSY, dtls_params(_fd, 256, the_flags));         \
		EXPECT_ERRNO(EBUSY, dtls_params(_fd, bits, 0));                \
		EXPECT_ERRNO(EBUSY, dtls_params(_fd, bits, DTLS_PARAM_CCM_8)); \
		EXPECT_EQ(bits, window_bits(_fd));                             \
		EXPECT_EQ(the_flags, params_of(_fd).flags);                    \
	} while (0)

TEST_F(params, a_sending_key_settles_them)
{
	ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_TX, &self->bed.tx, 1, 0));
	EXPECT_SETTLED(DTLS_WINDOW_DEFAULT, 0);
}

TEST_F(params, a_receiving_key_settles_them)
{
	ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_RX, &self->bed.rx, 1, 0));
	EXPECT_SETTLED(DTLS_WINDOW_DEFAULT, 0);
}

TEST_F(params, a_key_settles_a_flag_that_is_set)
{
	ASSERT_EQ(0, dtls_params(self->bed.fd, 128, DTLS_PARAM_CCM_8));
	ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_RX, &self->bed.rx, 1, 0));
	EXPECT_SETTLED(128, DTLS_PARAM_CCM_8);
}

/* The window of an epoch as the socket tells it, in a buffer full of ones. */
static struct dtls_window window_of(int fd, uint16_t epoch, size_t words)
{
	struct dtls_window window;

	memset(&window, 0xff, sizeof(window));
	window.epoch = epoch;
	window.reserved = 0;
	if (get(fd, DTLS_RX_WINDOW, &window, (socklen_t)WINDOW_LEN(words)))
		memset(&window, 0, sizeof(window));
	return window;
}

TEST_F(params, window_tells_what_was_received)
{
	static const uint64_t seqs[] = { 0, 1, 3, 70 };
	struct dtls_window window;
	int fd = self->bed.fd;

	ASSERT_EQ(0, dtls_window_bits(fd, 128));
	ASSERT_EQ(0, dtls_key(fd, TLS_RX, &self->bed.rx, 1, 0));
	window = window_of(fd, 1, 2);
	EXPECT_EQ(0, window.next);
	EXPECT_EQ(0, window.bitmap[0]);
	EXPECT_EQ(0, window.bitmap[1]);
	for (size_t i = 0; i < ARRAY_SIZE(seqs); i++) {
		INJECT(RECORD_DATA, 1, seqs[i], "x", 1);
		EXPECT_RECORD(fd, RECORD_DATA, "x", 1);
	}
	window = window_of(fd, 1, 2);
	EXPECT_EQ(1, window.epoch);
	EXPECT_EQ(0, window.reserved);
	EXPECT_EQ(128, window.window_bits);
	EXPECT_EQ(71, window.next);
	/* Bit i is number 70 - i. */
	EXPECT_EQ(1, window.bitmap[0]);
	EXPECT_EQ(1ULL << (67 - 64) | 1ULL << (69 - 64) | 1ULL << (70 - 64),
		  window.bitmap[1]);
	/* No more than was asked for is written. */
	EXPECT_EQ(~0ULL, window.bitmap[2]);
	window = window_of(fd, 1, 0);
	EXPECT_EQ(71, window.next);
	EXPECT_EQ(~0ULL, window.bitmap[0]);
}

TEST_F(params, window_of_an_unknown_epoch_is_not_told)
{
	struct dtls_window window = { .epoch = 2 };
	int fd = self->bed.fd;

	EXPECT_ERRNO(ENOENT, get(fd, DTLS_RX_WINDOW, &window, sizeof(window)));
	ASSERT_EQ(0, dtls_key(fd, TLS_RX, &self->bed.rx, 1, 0));
	window.epoch = 2;
	EXPECT_ERRNO(ENOENT, get(fd, DTLS_RX_WINDOW, &window, sizeof(window)));
	window.epoch = 0;
	EXPECT_ERRNO(ENOENT, get(fd, DTLS_RX_WINDOW, &window, sizeof(window)));
	/* The first of three epochs is held no longer. */
	ASSERT_EQ(0, dtls_key(fd, TLS_RX, &self->bed.rx, 2, 0));
	EXPECT_EQ(0, window_of(fd, 1, 1).next);
	EXPECT_EQ(1024, window_of(fd, 1, 1).window_bits);
	ASSERT_EQ(0, dtls_key(fd, TLS_RX, &self->bed.rx, 3, 0));
	window.epoch = 1;
	EXPECT_ERRNO(ENOENT, get(fd, DTLS_RX_WINDOW, &window, sizeof(window)));
	EXPECT_EQ(1024, window_of(fd, 2, 1).window_bits);
}

TEST_F(params, a_staged_window_is_not_yet_told)
{
	struct dtls_window window = { .epoch = 1,
				      .next = 5,
				      .bitmap = { 0x15 } };
	int fd = self->bed.fd;

	ASSERT_EQ(0, set(fd, DTLS_RX_WINDOW, &window, WINDOW_LEN(1)));
	EXPECT_ERRNO(ENOENT, get(fd, DTLS_RX_WINDOW, &window, sizeof(window)));
	ASSERT_EQ(0, dtls_key(fd, TLS_RX, &self->bed.rx, 1, 5));
	EXPECT_EQ(5, window_of(fd, 1, 1).next);
	EXPECT_EQ(0x15, window_of(fd, 1, 1).bitmap[0]);
}

/* What's told of a window can be staged on another socket. */
TEST_F(params, a_window_can_be_moved)
{
	static const uint64_t seqs[] = { 1000, 1, 900, 937, 938, 1999 };
	struct dtls_window window, copy;
	int fd = self->bed.fd, other[2];

	ASSERT_EQ(0, dtls_key(fd, TLS_RX, &self->bed.rx, 1, 0));
	for (size_t i = 0; i < ARRAY_SIZE(seqs); i++) {
		INJECT(RECORD_DATA, 1, seqs[i], "x", 1);
		EXPECT_RECORD(fd, RECORD_DATA, "x", 1);
	}
	window = window_of(fd, 1, 1024 / 64);
	ASSERT_EQ(0, bed_pair(variant->family, other));
	ASSERT_EQ(0, dtls_attach(other[0]));
	copy = window;
	copy.window_bits = 0;
	ASSERT_EQ(0,
		  set(other[0], DTLS_RX_WINDOW, &copy, WINDOW_LEN(1024 / 64)));
	ASSERT_EQ(0, dtls_key(other[0], TLS_RX, &self->bed.rx, 1, 2000));
	copy = window_of(other[0], 1, 1024 / 64);
	EXPECT_EQ(0, memcmp(&window, &copy, sizeof(window)));
}

/* Staging this fails, and what was staged before still stands. */
#define EXPECT_UNSTAGED(code, window, len) \
	EXPECT_ERRNO(code, set(self->bed.fd, DTLS_RX_WINDOW, window, len))

TEST_F(params, bad_windows_are_refused)
{
	const struct dtls_window good = { .epoch = 1,
					  .next = 3,
					  .bitmap = { 5 } };
	struct dtls_window bad;

	ASSERT_EQ(0, set(self->bed.fd, DTLS_RX_WINDOW, &good, WINDOW_LEN(1)));
	bad = good, bad.epoch = 0;
	EXPECT_UNSTAGED(EINVAL, &bad, WINDOW_LEN(1));
	bad = good, bad.reserved = 1;
	EXPECT_UNSTAGED(EINVAL, &bad, WINDOW_LEN(1));
	bad = good, bad.window_bits = 64;
	EXPECT_UNSTAGED(EINVAL, &bad, WINDOW_LEN(1));
	bad = good, bad.next = RECORD_SEQ_MAX + 2;
	EXPECT_UNSTAGED(EINVAL, &bad, WINDOW_LEN(1));
	bad = good, bad.next = ~0ULL;
	EXPECT_UNSTAGED(EINVAL, &bad, WINDOW_LEN(1));
	/* Bit 3 would be number -1. */
	bad = good, bad.bitmap[0] = 8;
	EXPECT_UNSTAGED(EINVAL, &bad, WINDOW_LEN(1));
	bad = good, bad.bitmap[0] = 1ULL << 63;
	EXPECT_UNSTAGED(EINVAL, &bad, WINDOW_LEN(1));
	bad = good, bad.bitmap[127] = 1;
	EXPECT_UNSTAGED(EINVAL, &bad, WINDOW_LEN(128));
	bad = good, bad.next = 0, bad.bitmap[0] = 1;
	EXPECT_UNSTAGED(EINVAL, &bad, WINDOW_LEN(1));
	EXPECT_UNSTAGED(EFAULT, NULL, WINDOW_LEN(1));
	EXPECT_UNSTAGED(EFAULT, (void *)8, WINDOW_LEN(1));

	ASSERT_EQ(0, dtls_key(self->bed.fd, TLS_RX, &self->bed.rx, 1, 3));
	EXPECT_EQ(3, window_of(self->bed.fd, 1, 1).next);
	EXPECT_EQ(5, window_of(self->bed.fd, 1, 1).bitmap[0]);
}

TEST_F(params, window_is_a_header_and_whole_words)
{
	static const uint64_t zeros[200];
	struct dtls_window good = { .epoch = 1 };
	char bytes[sizeof(zeros)];

	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes, &good, WINDOW_LEN(0));
	for (size_t len = 0; len <= WINDOW_LEN(130); len++) {
		if (len >= WINDOW_LEN(0) && len <= WINDOW_LEN(128) &&
		    len % 8 == 0) {
			EXPECT_EQ(0, set(self->bed.fd, DTLS_RX_WINDOW, bytes,
					 len));
		} else {
			EXPECT_UNSTAGED(EINVAL, bytes, len);
		}
	}
}

TEST_F(params, key_must_agree_with_the_staged_window)
{
	struct dtls_window window = { .epoch = 2, .next = 3, .bitmap = { 5 } };
	struct bed *bed = &self->bed;

	ASSERT_EQ(0, set(bed->fd, DTLS_RX_WINDOW, &window, WINDOW_LEN(1)));
	EXPECT_ERRNO(EINVAL, dtls_key(bed->fd, TLS_RX, &bed->rx, 2, 0));
	EXPECT_ERRNO(EINVAL, dtls_key(bed->fd, TLS_RX, &bed->rx, 2, 2));
	EXPECT_ERRNO(EINVAL, dtls_key(bed->fd, TLS_RX, &bed->rx, 2, 4));
	EXPECT_EQ(0, dtls_net_stat("DtlsCurrRx"));
	EXPECT_PLAIN();
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_RX, &bed->rx, 2, 3));
	EXPECT_EQ(5, window_of(bed->fd, 2, 1).bitmap[0]);
}

TEST_F(params, window_comes_before_its_key)
{
	struct dtls_window window = { .next = 3, .bitmap = { 5 } };
	struct bed *bed = &self->bed;

	ASSERT_EQ(0, dtls_key(bed->fd, TLS_RX, &bed->rx, 5, 0));
	for (window.epoch = 1; window.epoch <= 5; window.epoch++)
		EXPECT_UNSTAGED(EBUSY, &window, WINDOW_LEN(1));
	EXPECT_EQ(0, window_of(bed->fd, 5, 1).next);
	window.epoch = 6;
	EXPECT_EQ(0, set(bed->fd, DTLS_RX_WINDOW, &window, WINDOW_LEN(1)));
}

/* The TLS_RX of the same epoch begins with it, whichever come before. */
TEST_F(params, a_staged_window_waits_for_its_epoch)
{
	struct dtls_window window = { .epoch = 3, .next = 3, .bitmap = { 5 } };
	struct bed *bed = &self->bed;

	ASSERT_EQ(0, set(bed->fd, DTLS_RX_WINDOW, &window, WINDOW_LEN(1)));
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_RX, &bed->rx, 2, 0));
	EXPECT_ERRNO(EINVAL, dtls_key(bed->fd, TLS_RX, &bed->rx, 3, 4));
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_RX, &bed->rx, 3, 3));
	EXPECT_EQ(5, window_of(bed->fd, 3, 1).bitmap[0]);
}

/* A window for the next epoch doesn't touch those that are held. */
TEST_F(params, staging_leaves_the_held_epoch_alone)
{
	struct dtls_window window = { .epoch = 2, .next = 3, .bitmap = { 5 } };
	struct bed *bed = &self->bed;

	ASSERT_EQ(0, dtls_key(bed->fd, TLS_RX, &bed->rx, 1, 0));
	INJECT(RECORD_DATA, 1, 0, "x", 1);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "x", 1);
	ASSERT_EQ(0, set(bed->fd, DTLS_RX_WINDOW, &window, WINDOW_LEN(1)));
	INJECT(RECORD_DATA, 1, 0, "x", 1);
	INJECT(RECORD_DATA, 1, 1, "y", 1);
	EXPECT_RECORD(bed->fd, RECORD_DATA, "y", 1);
	EXPECT_STATS(bed->fd, .rx_delivered = 2, .rx_replayed = 1);
}

TEST_F(params, longer_structures_are_filled_as_far_as_known)
{
	static const int names[] = { DTLS_STATS, DTLS_INFO };
	static const socklen_t lens[] = { sizeof(struct dtls_stats),
					  sizeof(struct dtls_info) };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		uint8_t value[256];
		socklen_t len = sizeof(value);

		memset(value, 0xaa, sizeof(value));
		ASSERT_EQ(0, getsockopt(self->bed.fd, SOL_TLS, names[i], value,
					&len));
		EXPECT_EQ(lens[i], len);
		EXPECT_EQ(0xaa, value[len]);
		EXPECT_EQ(0, value[len - 1]);
	}
}

/* A program that was built with an older, shorter structure. */
TEST_F(params, shorter_structures_are_not_overrun)
{
	uint8_t value[256];
	socklen_t len = 16;

	memset(value, 0xaa, sizeof(value));
	ASSERT_EQ(0, getsockopt(self->bed.fd, SOL_TLS, DTLS_STATS, value, &len));
	EXPECT_EQ(16, len);
	EXPECT_EQ(0, value[15]);
	EXPECT_EQ(0xaa, value[16]);
}

TEST_F(params, bad_pointers_for_statistics_are_refused)
{
	static const int names[] = { DTLS_STATS, DTLS_INFO };
	struct dtls_stats stats;
	socklen_t len = sizeof(stats);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT_ERRNO(EFAULT, getsockopt(self->bed.fd, SOL_TLS, names[i],
						NULL, &len));
		EXPECT_ERRNO(EFAULT, getsockopt(self->bed.fd, SOL_TLS, names[i],
						&stats, NULL));
	}
}

TEST_F(params, statistics_cannot_be_set)
{
	struct dtls_stats stats = {};
	struct dtls_info info = {};

	EXPECT_ERRNO(ENOPROTOOPT,
		     set(self->bed.fd, DTLS_STATS, &stats, sizeof(stats)));
	EXPECT_ERRNO(ENOPROTOOPT,
		     set(self->bed.fd, DTLS_INFO, &info, sizeof(info)));
}

TEST_F(params, two_epochs_are_counted)
{
	struct bed *bed = &self->bed;

	for (uint16_t epoch = 1; epoch <= 4; epoch++) {
		ASSERT_EQ(0, dtls_key(bed->fd, TLS_RX, &bed->rx, epoch, 0));
		EXPECT_EQ(epoch < 2 ? 1 : 2, dtls_net_stat("DtlsCurrRx"));
	}
	EXPECT_EQ(0, dtls_net_stat("DtlsCurrTx"));
	ASSERT_EQ(0, dtls_close(bed->fd));
	EXPECT_EQ(0, dtls_net_stat("DtlsCurrRx"));
}

/* The names are an interface; each stands in the file once. */
TEST_F(params, namespace_file_has_its_names)
{
	static const char *const names[] = {
		"DtlsCurrAttached", "DtlsCurrTx",       "DtlsCurrRx",
		"DtlsRxDelivered",  "DtlsRxReplayed",   "DtlsRxTooOld",
		"DtlsRxBadTag",     "DtlsRxWrongEpoch", "DtlsRxMalformed",
		"DtlsRxNoKey",      "DtlsRxError",      "DtlsRxWrongCid",
		"DtlsRxExpired",    "DtlsRxEpoch0",     "DtlsTxRecords",
		"DtlsTxError",      "DtlsRxDevice",     "DtlsRxWrongMark",
		"DtlsTxDevice",     "DtlsTxFallback",   "DtlsTxDeviceDrop",
	};
	FILE *file = fopen("/proc/net/dtls_stat", "r");
	char line[128], name[64];
	long long value;
	size_t i = 0;

	ASSERT_NE(NULL, file);
	while (fgets(line, sizeof(line), file)) {
		ASSERT_GT(ARRAY_SIZE(names), i);
		ASSERT_EQ(2, sscanf(line, "%63s %lld", name, &value));
		EXPECT_STREQ(names[i], name);
		EXPECT_EQ(i == 0, value);
		i++;
	}
	EXPECT_EQ(ARRAY_SIZE(names), i);
	fclose(file);
}

TEST_HARNESS_MAIN

/* SPDX-License-Identifier: GPL-2.0 */
/* All that a socket tells of itself, and that a refused call changes none of it. */
#ifndef SELFTESTS_STATE_H
#define SELFTESTS_STATE_H

#include "check.h"

CHECK const int directions[] = { TLS_TX, TLS_RX };

/* All that a socket tells of itself. */
struct state {
	struct dtls_info info;
	struct dtls_stats stats;
	struct dtls_params params;
	struct dtls_window window;
	struct dtls_cid cid;
	struct dtls_limits limits;
	uint32_t recv;
	union crypto_info tx, rx;
	int tx_err, rx_err, window_err;
	long long curr_tx, curr_rx;
};

CHECK int get(int fd, int name, void *value, socklen_t len)
{
	return getsockopt(fd, SOL_TLS, name, value, &len) ? errno : 0;
}

CHECK struct state state_of(const struct bed *bed)
{
	union crypto_info ci;
	socklen_t len = (socklen_t)dtls_crypto_info(&ci, &bed->tx, 0, 0);
	struct state state;

	memset(&state, 0, sizeof(state));
	get(bed->fd, DTLS_INFO, &state.info, sizeof(state.info));
	get(bed->fd, DTLS_STATS, &state.stats, sizeof(state.stats));
	get(bed->fd, DTLS_PARAMS, &state.params, sizeof(state.params));
	get(bed->fd, DTLS_CID, &state.cid, sizeof(state.cid));
	get(bed->fd, DTLS_LIMITS, &state.limits, sizeof(state.limits));
	get(bed->fd, DTLS_RECV, &state.recv, sizeof(state.recv));
	state.tx_err = get(bed->fd, TLS_TX, &state.tx, len);
	state.rx_err = get(bed->fd, TLS_RX, &state.rx, len);
	state.window.epoch = state.info.rx_epoch;
	state.window_err = get(bed->fd, DTLS_RX_WINDOW, &state.window,
			       sizeof(state.window));
	state.curr_tx = dtls_net_stat("DtlsCurrTx");
	state.curr_rx = dtls_net_stat("DtlsCurrRx");
	return state;
}

/* The socket tells the same as before. */
#define EXPECT_UNCHANGED(before)                                       \
	do {                                                           \
		struct state _after = state_of(&self->bed);            \
		EXPECT_EQ(0, memcmp(&before, &_after, sizeof(_after))) \
		TH_LOG("line %d: something changed", __LINE__);        \
	} while (0)

/* The call fails with this errno, and changes nothing. */
#define EXPECT_NO_CHANGE(code, call)                         \
	do {                                                 \
		struct state _before = state_of(&self->bed); \
		EXPECT_ERRNO(code, call);                    \
		EXPECT_UNCHANGED(_before);                   \
	} while (0)

/* Likewise for each length up to @max, but @right, of this option. */
#define EXPECT_NO_OTHER_LENGTH(right, max, name, value)                      \
	do {                                                                 \
		struct state _before = state_of(&self->bed);                 \
		for (size_t _len = 0; _len <= (max); _len++)                 \
			if (_len != (right))                                 \
				EXPECT_ERRNO(EINVAL, set(self->bed.fd, name, \
							 value, _len));      \
		EXPECT_UNCHANGED(_before);                                   \
	} while (0)

CHECK int set(int fd, int name, const void *value, size_t len)
{
	return setsockopt(fd, SOL_TLS, name, value, (socklen_t)len);
}

/* Records go both ways, with these numbers of epoch 1. */
CHECK void expect_traffic(struct __test_metadata *_metadata,
			  const struct bed *bed, uint64_t seq)
{
	ASSERT_EQ(4, send(bed->fd, "here", 4, 0));
	expect_sealed(_metadata, __LINE__, bed, RECORD_DATA, 1, seq, "here", 4);
	ASSERT_EQ(0, inject(bed, RECORD_DATA, 1, seq, "there", 5));
	EXPECT_RECORD(bed->fd, RECORD_DATA, "there", 5);
}

/* Calls @refused on a socket without keys, and on one with both. */
CHECK void with_and_without_keys(
	struct __test_metadata *_metadata, struct bed *bed,
	void (*refused)(struct __test_metadata *_metadata, struct bed *bed))
{
	refused(_metadata, bed);
	expect_plain(_metadata, bed);
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_TX, &bed->tx, 1, 0));
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_RX, &bed->rx, 1, 0));
	expect_traffic(_metadata, bed, 0);
	refused(_metadata, bed);
	expect_traffic(_metadata, bed, 1);
}

CHECK void wrong_lengths(struct __test_metadata *_metadata, struct bed *bed)
{
	struct {
		struct bed bed;
	} copy = { *bed }, *self = &copy;
	union crypto_info ci;
	size_t right = dtls_crypto_info(&ci, &bed->tx, 2, 0);

	for (size_t i = 0; i < ARRAY_SIZE(directions); i++)
		EXPECT_NO_OTHER_LENGTH(right, right + 1, directions[i], &ci);
}

/* Lengths, epoch and number, and no secret. */
CHECK void expect_told(struct __test_metadata *_metadata, const struct bed *bed,
		       int direction, uint16_t epoch, uint64_t seq)
{
	static const struct secret nothing;
	struct secret blank = nothing;
	union crypto_info expected, seen;
	socklen_t len, info_len = sizeof(struct tls_crypto_info);

	blank.cipher = bed->tx.cipher;
	len = (socklen_t)dtls_crypto_info(&expected, &blank, epoch, seq);
	memset(&seen, 0xaa, sizeof(seen));
	memset(expected.bytes + len, 0xaa, sizeof(expected) - len);
	ASSERT_EQ(0, getsockopt(bed->fd, SOL_TLS, direction, &seen, &len));
	EXPECT_EQ(0, memcmp(&expected, &seen, sizeof(seen)));

	memset(expected.bytes + info_len, 0xaa, sizeof(expected) - info_len);
	memset(&seen, 0xaa, sizeof(seen));
	ASSERT_EQ(0, getsockopt(bed->fd, SOL_TLS, direction, &seen, &info_len));
	EXPECT_EQ(sizeof(struct tls_crypto_info), info_len);
	EXPECT_EQ(0, memcmp(&expected, &seen, sizeof(seen)));
}

#endif /* SELFTESTS_STATE_H */

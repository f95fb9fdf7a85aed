/* SPDX-License-Identifier: GPL-2.0 */
/* What tests say about cards, on the kselftest harness. */
#ifndef SELFTESTS_OFFLOAD_H
#define SELFTESTS_OFFLOAD_H

#include <netinet/in.h>
#include <netinet/udp.h>

#include "check.h"
#include "nic.h"

/* A fixture of two cards with a path between them, that has no keys yet. */
#define FIXTURE_NIC(name)               \
	FIXTURE(name)                   \
	{                               \
		struct nic nic;         \
		struct path path;       \
	};                              \
	FIXTURE_VARIANT(name)           \
	{                               \
		enum bed_family family; \
		uint16_t cipher;        \
	};

#define FIXTURE_NIC_FAMILY(name)                                  \
	FIXTURE_NIC(name)                                         \
	BED_VARIANT(name, ipv4, BED_IPV4, TLS_CIPHER_AES_GCM_128) \
	BED_VARIANT(name, ipv6, BED_IPV6, TLS_CIPHER_AES_GCM_128)

#define NIC_SETUP(cards)                                                   \
	do {                                                               \
		ASSERT_EQ(0, nic_open(&self->nic, cards))                  \
		TH_LOG("%s", strerror(errno));                             \
		ASSERT_EQ(0, path_open(&self->path, &self->nic,            \
				       variant->family, variant->cipher)); \
	} while (0)

/* Each test's end: no wire has shown what was sent. */
#define NIC_TEARDOWN() nic_teardown(_metadata, &self->nic)

CHECK void nic_teardown(struct __test_metadata *_metadata, struct nic *nic)
{
	const char *problem;

	EXPECT_EQ(0, nic_close(nic))
	TH_LOG("the sniffers: %s", strerror(errno));
	problem = nic_problem(nic);
	EXPECT_EQ(NULL, problem)
	TH_LOG("%s", problem);
}

/* Who encrypts and who decrypts at this end. */
#define EXPECT_CONF(end, tx, rx) \
	expect_conf(_metadata, __LINE__, &self->path, end, tx, rx)

CHECK void expect_conf(struct __test_metadata *_metadata, int line,
		       const struct path *path, enum nic_end end, int tx,
		       int rx)
{
	struct dtls_info info;

	ASSERT_EQ(0, dtls_info(path->fd[end], &info));
	EXPECT_EQ(tx, info.tx_conf)
	TH_LOG("line %d", line);
	EXPECT_EQ(rx, info.rx_conf)
	TH_LOG("line %d", line);
}

/* This end's counters since the attach are those named, all others zero. */
#define EXPECT_COUNTED(end, ...)                                \
	expect_counted(_metadata, __LINE__, self->path.fd[end], \
		       &(struct dtls_stats) { __VA_ARGS__ })

#define EXPECT_STATE(end, name, value)                              \
	do {                                                        \
		long long _seen = nic_state(&self->nic, end, name); \
		EXPECT_EQ((long long)(value), _seen)                \
		TH_LOG("%s", name);                                 \
	} while (0)

/* Marked text, that the next call of arrive() expects. */
CHECK ssize_t leave(struct path *path, enum nic_end from, int type, size_t len,
		    int flags)
{
	static _Thread_local uint8_t text[1 << 16];

	marked_text(text, len, path->id);
	return msg_send(path->fd[from], type, text, len, flags);
}

CHECK void arrive(struct __test_metadata *_metadata, int line,
		  struct path *path, enum nic_end at, int type, size_t len)
{
	static uint8_t text[1 << 16], seen[1 << 16];
	int seen_type, flags = 0;
	ssize_t n =
		msg_recv(path->fd[at], &seen_type, seen, sizeof(seen), &flags);

	ASSERT_EQ((ssize_t)len, n)
	TH_LOG("line %d: %s", line, strerror(errno));
	marked_text(text, len, path->id++);
	EXPECT_EQ(0, memcmp(text, seen, len))
	TH_LOG("line %d: another content", line);
	EXPECT_EQ(type, seen_type)
	TH_LOG("line %d", line);
}

/* One record from one end to the other. */
#define CARRY(from, type, len) \
	carry(_metadata, __LINE__, &self->path, from, type, len)

CHECK void carry(struct __test_metadata *_metadata, int line, struct path *path,
		 enum nic_end from, int type, size_t len)
{
	ASSERT_EQ((ssize_t)len, leave(path, from, type, len, 0))
	TH_LOG("line %d: %s", line, strerror(errno));
	arrive(_metadata, line, path, !from, type, len);
}

/* A few in both directions. */
#define CARRY_BOTH_WAYS() carry_both_ways(_metadata, __LINE__, &self->path)
enum {
	EACH_WAY = 3, /* of them, each in its own datagram */
};

CHECK void carry_both_ways(struct __test_metadata *_metadata, int line,
			   struct path *path)
{
	static const size_t lengths[EACH_WAY] = { 17, 400, 1200 };

	for (size_t i = 0; i < EACH_WAY; i++)
		for (enum nic_end from = NEAR; from <= FAR; from++)
			carry(_metadata, line, path, from, RECORD_DATA,
			      lengths[i]);
}

/* Contents of @segment bytes and a rest, in one call. */
CHECK ssize_t leave_batch(const struct path *path, enum nic_end from,
			  size_t len, int segment)
{
	static uint8_t text[1 << 16];
	ssize_t n;

	marked_text(text, len, path->id);
	if (setsockopt(path->fd[from], SOL_UDP, UDP_SEGMENT, &segment,
		       sizeof(segment)))
		return -1;
	n = send(path->fd[from], text, len, 0);
	segment = 0;
	if (setsockopt(path->fd[from], SOL_UDP, UDP_SEGMENT, &segment,
		       sizeof(segment)))
		return -1;
	return n;
}

/* It arrives in order, in whatever pieces. */
CHECK void arrive_batch(struct __test_metadata *_metadata, int line,
			struct path *path, enum nic_end at, size_t len)
{
	static uint8_t text[1 << 16], seen[1 << 16];
	size_t got = 0;

	while (got < len) {
		ssize_t n =
			recv(path->fd[at], seen + got, sizeof(seen) - got, 0);

		ASSERT_LT(0, n)
		TH_LOG("line %d: after %zu of %zu: %s", line, got, len,
		       strerror(errno));
		got += (size_t)n;
	}
	marked_text(text, len, path->id++);
	EXPECT_EQ(len, got);
	EXPECT_EQ(0, memcmp(text, seen, len))
	TH_LOG("line %d: another content", line);
}

/* What the sniffer on a card has seen of plaintext. */
#define EXPECT_CLEAR_ABOVE(end, is_clear)                                 \
	do {                                                              \
		ASSERT_EQ(0, nic_drain(&self->nic));                      \
		EXPECT_EQ(is_clear, self->nic.ends[end].card.marked > 0); \
	} while (0)

/*
 * The module dtls stays as long as the card's, which needs it; tests of other
 * programs unload it.
 */
static pid_t main_pid;

static void unload_card(void)
{
	if (getpid() != main_pid || !link_command("modprobe -r dtls_sim"))
		return;
	fprintf(stderr, "the card's module can't be unloaded\n");
	_exit(1);
}

#undef TEST_HARNESS_MAIN
#define TEST_HARNESS_MAIN                     \
	int main(int argc, char **argv)       \
	{                                     \
		main_pid = getpid();          \
		atexit(unload_card);          \
		return run_tests(argc, argv); \
	}

#endif /* SELFTESTS_OFFLOAD_H */

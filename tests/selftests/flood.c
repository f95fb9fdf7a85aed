// SPDX-License-Identifier: GPL-2.0
/*
 * Forged, replayed and malformed datagrams without end, from another processor:
 * who waits for records is told of records and of nothing else, gets each of
 * them, and is never held up.
 */
#include <fcntl.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include "check.h"
#include "sniffer.h"
#include "waiter.h"

FIXTURE(flood)
{
	struct bed bed;
	struct sniffer sniffer;
};

FIXTURE_VARIANT(flood)
{
	enum bed_family family;
	uint16_t cipher;
};

BED_VARIANT(flood, aes_gcm_128_ipv4, BED_IPV4, TLS_CIPHER_AES_GCM_128)
BED_VARIANT(flood, chacha20_poly1305_ipv6, BED_IPV6,
	    TLS_CIPHER_CHACHA20_POLY1305)

enum {
	RECORDS = 300,
	FLOOD = 12, /* bad datagrams for each good one */
	LEN = 64,
	/* Bad ones that wait at a time: the good ones must find room. */
	QUEUE = 500,
};

FIXTURE_SETUP(flood)
{
	BED_SETUP_KEYED();
	ASSERT_EQ(0, sniffer_open(&self->sniffer));
	ASSERT_EQ(0, sniffer_watch(&self->sniffer, self->bed.fd));
}

FIXTURE_TEARDOWN(flood)
{
}

struct flood {
	struct bed *bed;
	unsigned int sent,
		bad; /* datagrams, all of them; those to be refused */
	int failed;
	pthread_t thread;
};

static uint64_t refused(const struct dtls_stats *stats)
{
	return stats->rx_replayed + stats->rx_too_old + stats->rx_bad_tag +
	       stats->rx_wrong_epoch + stats->rx_malformed + stats->rx_no_key;
}

/* Which of the ways to be refused; @good: a record, sent before */
static size_t make_bad(unsigned int which, const uint8_t *good, size_t len,
		       uint8_t *wire)
{
	memcpy(wire, good, len);
	switch (which % 6) {
	case 0: /* forged: the tag */
		wire[len - 1] ^= 1;
		return len;
	case 1: /* forged: a number far ahead */
		wire[5] ^= 0x40;
		return len;
	case 2: /* an epoch that's not there */
		wire[4] = 9;
		return len;
	case 3: /* noise */
		memset(wire, (int)which, len);
		return len;
	case 4: /* cut short */
		return len / 2;
	default: /* replayed, by the time that it's looked at */
		return len;
	}
}

/* Return when the reader has dealt with all but so many. */
static int wait_for_reader(const struct flood *flood)
{
	struct dtls_stats stats;

	do {
		if (dtls_stats(flood->bed->fd, &stats))
			return -1;
		sched_yield();
	} while (flood->sent - refused(&stats) - stats.rx_delivered > QUEUE);
	return 0;
}

static int send_one(struct flood *flood, const uint8_t *wire, size_t len)
{
	if (send(flood->bed->peer, wire, len, 0) != (ssize_t)len)
		return -1;
	flood->sent++;
	return 0;
}

/* A good record, and then a crowd of bad ones made of it. */
static int send_crowd(struct flood *flood, unsigned int seq)
{
	struct record record = record_make(RECORD_DATA, 1, seq);
	uint8_t good[200], wire[200], text[LEN];
	size_t len;

	marked_text(text, sizeof(text), seq);
	len = record_seal(&flood->bed->rx, &record, text, sizeof(text), good);
	if (send_one(flood, good, len))
		return -1;
	for (unsigned int i = 0; i < FLOOD; i++) {
		size_t bad = make_bad(i, good, len, wire);

		if (send_one(flood, wire, bad))
			return -1;
		flood->bad++;
	}
	return 0;
}

static void *flood_run(void *arg)
{
	struct flood *flood = arg;

	for (unsigned int seq = 0; seq < RECORDS && !flood->failed; seq++)
		if (send_crowd(flood, seq) || wait_for_reader(flood))
			flood->failed = errno;
	return NULL;
}

/* From the other processor. */
static int flood_begin(struct flood *flood, struct bed *bed)
{
	pthread_attr_t attr;
	cpu_set_t set;

	*flood = (struct flood) { .bed = bed };
	CPU_ZERO(&set);
	CPU_SET(1, &set);
	pthread_attr_init(&attr);
	pthread_attr_setaffinity_np(&attr, sizeof(set), &set);
	return pthread_create(&flood->thread, &attr, flood_run, flood);
}

static void flood_end(struct __test_metadata *_metadata, struct flood *flood,
		      struct sniffer *sniffer)
{
	struct dtls_stats stats;
	int fd = flood->bed->fd;

	ASSERT_EQ(0, pthread_join(flood->thread, NULL));
	ASSERT_EQ(0, flood->failed);
	ASSERT_EQ(0, bed_settle(flood->bed));
	/* What came behind the last good one. */
	EXPECT_NOTHING(fd);
	ASSERT_EQ(0, dtls_stats(fd, &stats));
	EXPECT_EQ(RECORDS, stats.rx_delivered);
	EXPECT_EQ(flood->bad, refused(&stats));
	EXPECT_EQ(0, stats.rx_error);
	ASSERT_EQ(0, sniffer_drain(sniffer))
	TH_LOG("the sniffer: %s", strerror(errno));
	EXPECT_EQ(0, sniffer->marked);
	EXPECT_EQ(0, sniffer->problem[0])
	TH_LOG("%s", sniffer->problem);
}

/* The next record in order, without waiting for it. */
static void expect_next(struct __test_metadata *_metadata, int fd,
			unsigned int seq)
{
	uint8_t text[LEN], seen[LEN];

	marked_text(text, sizeof(text), seq);
	ASSERT_EQ(LEN, recv(fd, seen, sizeof(seen), MSG_DONTWAIT))
	TH_LOG("record %u: %s", seq, strerror(errno));
	EXPECT_EQ(0, memcmp(text, seen, LEN));
}

/* Each of them waits until there's something to read. */
static int wait_poll(int fd, int ep)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, -1) == 1 ? pfd.revents : -1;
}

static int wait_select(int fd, int ep)
{
	fd_set in;

	FD_ZERO(&in);
	FD_SET(fd, &in);
	return select(fd + 1, &in, NULL, NULL, NULL) == 1 ? POLLIN : -1;
}

static int wait_epoll(int fd, int ep)
{
	struct epoll_event event;

	return epoll_wait(ep, &event, 1, -1) == 1 ? (int)event.events : -1;
}

static int epoll_of(int fd, uint32_t events)
{
	struct epoll_event event = { .events = events };
	int ep = epoll_create1(0);

	return ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event) ? -1 : ep;
}

/* Level: one record for each time that it says readable. */
static void expect_level(struct __test_metadata *_metadata, struct bed *bed,
			 struct sniffer *sniffer, int (*wait)(int fd, int ep),
			 int ep)
{
	struct flood flood;

	ASSERT_EQ(0, flood_begin(&flood, bed));
	for (unsigned int seq = 0; seq < RECORDS; seq++) {
		ASSERT_EQ(POLLIN, wait(bed->fd, ep));
		expect_next(_metadata, bed->fd, seq);
		ASSERT_EQ(0, sniffer_drain(sniffer));
	}
	flood_end(_metadata, &flood, sniffer);
}

TEST_F(flood, poll_is_right_each_time)
{
	expect_level(_metadata, &self->bed, &self->sniffer, wait_poll, -1);
}

TEST_F(flood, select_is_right_each_time)
{
	expect_level(_metadata, &self->bed, &self->sniffer, wait_select, -1);
}

TEST_F(flood, epoll_is_right_each_time)
{
	expect_level(_metadata, &self->bed, &self->sniffer, wait_epoll,
		     epoll_of(self->bed.fd, EPOLLIN));
}

TEST_F(flood, epoll_once_is_right_each_time)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT };
	int ep = epoll_of(self->bed.fd, event.events);
	struct flood flood;

	ASSERT_EQ(0, flood_begin(&flood, &self->bed));
	for (unsigned int seq = 0; seq < RECORDS; seq++) {
		ASSERT_EQ(POLLIN, wait_epoll(self->bed.fd, ep));
		expect_next(_metadata, self->bed.fd, seq);
		ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_MOD, self->bed.fd, &event));
		ASSERT_EQ(0, sniffer_drain(&self->sniffer));
	}
	flood_end(_metadata, &flood, &self->sniffer);
}

/* At an edge there's at least one record, and then as many as there are. */
TEST_F(flood, edges_lose_nothing)
{
	int fd = self->bed.fd, ep = epoll_of(fd, EPOLLIN | EPOLLET);
	unsigned int seq = 0;
	struct flood flood;
	char byte;

	ASSERT_EQ(0, flood_begin(&flood, &self->bed));
	while (seq < RECORDS) {
		unsigned int before = seq;

		ASSERT_EQ(POLLIN, wait_epoll(fd, ep));
		while (recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 1)
			expect_next(_metadata, fd, seq++);
		ASSERT_EQ(EAGAIN, errno);
		EXPECT_LT(before, seq)
		TH_LOG("an edge for nothing, after %u records", seq);
		ASSERT_EQ(0, sniffer_drain(&self->sniffer));
	}
	flood_end(_metadata, &flood, &self->sniffer);
}

/* A reader in recv() gets all of them, and no error. */
TEST_F(flood, recv_gets_each_record)
{
	uint8_t text[LEN], seen[LEN];
	struct flood flood;

	ASSERT_EQ(0, flood_begin(&flood, &self->bed));
	for (unsigned int seq = 0; seq < RECORDS; seq++) {
		marked_text(text, sizeof(text), seq);
		ASSERT_EQ(LEN, recv(self->bed.fd, seen, sizeof(seen), 0))
		TH_LOG("%s", strerror(errno));
		EXPECT_EQ(0, memcmp(text, seen, LEN));
		ASSERT_EQ(0, sniffer_drain(&self->sniffer));
	}
	flood_end(_metadata, &flood, &self->sniffer);
}

/* Nor does any of that hold up who sends. */
static void *send_all(void *arg)
{
	struct flood *flood = arg;
	uint8_t text[LEN];

	for (unsigned int i = 0; i < RECORDS && !flood->failed; i++) {
		marked_text(text, sizeof(text), i);
		if (send(flood->bed->fd, text, LEN, 0) != LEN)
			flood->failed = errno;
	}
	return NULL;
}

TEST_F(flood, sender_goes_on)
{
	struct flood flood, sender = { .bed = &self->bed };
	uint8_t wire[200], text[LEN], seen[200];
	struct record record;

	ASSERT_EQ(0, flood_begin(&flood, &self->bed));
	ASSERT_EQ(0, pthread_create(&sender.thread, NULL, send_all, &sender));
	for (unsigned int seq = 0; seq < RECORDS; seq++) {
		ASSERT_EQ(POLLIN, wait_poll(self->bed.fd, -1));
		expect_next(_metadata, self->bed.fd, seq);
		ASSERT_EQ(0, sniffer_drain(&self->sniffer));
	}
	ASSERT_EQ(0, pthread_join(sender.thread, NULL));
	EXPECT_EQ(0, sender.failed);
	for (unsigned int i = 0; i < RECORDS; i++) {
		ssize_t n = recv(self->bed.peer, wire, sizeof(wire), 0);

		marked_text(text, sizeof(text), i);
		ASSERT_EQ(LEN, record_open(&self->bed.tx, wire, (size_t)n,
					   &record, seen));
		EXPECT_EQ(0, memcmp(text, seen, LEN));
	}
	flood_end(_metadata, &flood, &self->sniffer);
	EXPECT_LE(RECORDS, self->sniffer.datagrams);
}

/*
 * Nothing but refused datagrams, and pollers that wait: none is woken, and all
 * of them are by the first record.
 */
static long poll_in(void *arg)
{
	return wait_poll(*(int *)arg, -1);
}

static long epoll_in(void *arg)
{
	int fd = *(int *)arg;

	return wait_epoll(fd, epoll_of(fd, EPOLLIN));
}

static long edge_in(void *arg)
{
	int fd = *(int *)arg;

	return wait_epoll(fd, epoll_of(fd, EPOLLIN | EPOLLET));
}

TEST_F(flood, pollers_sleep_through_it)
{
	static long (*const waits[])(void *) = { poll_in, epoll_in, edge_in };
	struct waiter waiter[ARRAY_SIZE(waits)];
	struct record record = record_make(RECORD_DATA, 1, 1000);
	uint8_t good[200], wire[200];
	size_t len;

	len = record_seal(&self->bed.rx, &record, "forged", 6, good);
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++)
		ASSERT_EQ(0, waiter_begin(&waiter[i], waits[i], &self->bed.fd));
	for (unsigned int i = 0; i < 500; i++) {
		/* No replay: nothing was received. */
		unsigned int which = i % 6 == 5 ? 0 : i;
		size_t bad = make_bad(which, good, len, wire);

		ASSERT_EQ(0, bed_inject(&self->bed, wire, bad));
	}
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++)
		ASSERT_EQ(0, waiter_sleeps(&waiter[i]));
	INJECT(RECORD_DATA, 1, 0, "there", 5);
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++)
		EXPECT_EQ(POLLIN, waiter_end(&waiter[i]));
	EXPECT_RECORD(self->bed.fd, RECORD_DATA, "there", 5);
	EXPECT_NOTHING(self->bed.fd);
}

TEST_HARNESS_MAIN

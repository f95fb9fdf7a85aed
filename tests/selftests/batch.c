// SPDX-License-Identifier: GPL-2.0
/* Datagrams that the stack joined: each record in them stands for itself. */
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

#include "check.h"

FIXTURE_BED_KINDS(batch)

FIXTURE_SETUP(batch)
{
	int on = 1;

	BED_SETUP_KEYED();
	ASSERT_EQ(0,
		  setsockopt(self->bed.fd, SOL_UDP, UDP_GRO, &on, sizeof(on)));
}

FIXTURE_TEARDOWN(batch)
{
}

enum {
	CONTENT = 100, /* of a record */
};

/* Records one behind the other, to be sent at once. */
static uint8_t wire[65536];
static size_t wire_len;

static uint8_t *add(const struct secret *secret, uint8_t type, uint16_t epoch,
		    uint64_t seq, size_t len)
{
	struct record record = record_make(type, epoch, seq);
	uint8_t content[RECORD_CONTENT_MAX];
	uint8_t *at = wire + wire_len;

	memset(content, (int)seq, len);
	wire_len += record_seal(secret, &record, content, len, at);
	return at;
}

static uint8_t *add_data(const struct bed *bed, uint64_t seq)
{
	return add(&bed->rx, RECORD_DATA, 1, seq, CONTENT);
}

static size_t a_record(const struct bed *bed)
{
	return CONTENT + secret_overhead(&bed->rx);
}

static int send_joined(const struct bed *bed, size_t segment)
{
	if (segments_send(bed->peer, wire, wire_len, (uint16_t)segment, 0) !=
	    (ssize_t)wire_len)
		return -1;
	wire_len = 0;
	return bed_settle(bed);
}

/* Return: what recvmsg() does; @segment: what UDP_GRO says, or 0 */
static ssize_t recv_batch(int fd, void *content, int *type, int *segment)
{
	char control[256];
	struct iovec iov = { content, 65536 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(fd, &msg, MSG_DONTWAIT);

	*type = -1;
	*segment = 0;
	for (struct cmsghdr *cmsg = n < 0 ? NULL : CMSG_FIRSTHDR(&msg); cmsg;
	     cmsg = CMSG_NXTHDR(&msg, cmsg)) {
		if (cmsg->cmsg_level == SOL_UDP && cmsg->cmsg_type == UDP_GRO)
			memcpy(segment, CMSG_DATA(cmsg), sizeof(*segment));
		if (cmsg->cmsg_level == SOL_TLS &&
		    cmsg->cmsg_type == TLS_GET_RECORD_TYPE)
			*type = *CMSG_DATA(cmsg);
	}
	return n;
}

/* One call gives the contents with these numbers; the last has @last bytes. */
#define EXPECT_BATCH(last, ...)                               \
	expect_batch(_metadata, __LINE__, self->bed.fd, last, \
		     (const int[]) { __VA_ARGS__ },           \
		     sizeof((int[]) { __VA_ARGS__ }) / sizeof(int))

static void expect_batch(struct __test_metadata *_metadata, int line, int fd,
			 size_t last, const int *numbers, size_t count)
{
	static uint8_t text[65536], expected[65536];
	size_t len = (count - 1) * CONTENT + last;
	int type, segment;

	for (size_t i = 0; i < count; i++)
		memset(expected + i * CONTENT, numbers[i], CONTENT);
	ASSERT_EQ((ssize_t)len, recv_batch(fd, text, &type, &segment))
	TH_LOG("line %d: %s", line, strerror(errno));
	EXPECT_EQ(RECORD_DATA, type);
	EXPECT_EQ(count > 1 ? CONTENT : 0, segment)
	TH_LOG("line %d", line);
	EXPECT_EQ(0, memcmp(expected, text, len))
	TH_LOG("line %d: another content", line);
}

TEST_F(batch, E3_equal_ones_are_read_at_once)
{
	for (int i = 0; i < 3; i++)
		add_data(&self->bed, (uint64_t)i);
	ASSERT_EQ(0, send_joined(&self->bed, a_record(&self->bed)));
	EXPECT_BATCH(CONTENT, 0, 1, 2);
	for (int i = 3; i < 5; i++)
		add_data(&self->bed, (uint64_t)i);
	add(&self->bed.rx, RECORD_DATA, 1, 5, 60);
	ASSERT_EQ(0, send_joined(&self->bed, a_record(&self->bed)));
	EXPECT_BATCH(60, 3, 4, 5);
	EXPECT_NOTHING(self->bed.fd);
	EXPECT_STATS(self->bed.fd, .rx_delivered = 6);
}

TEST_F(batch, E3_sixty_four_at_once)
{
	static uint8_t text[65536];
	int type, segment;

	for (int i = 0; i < 64; i++)
		add(&self->bed.rx, RECORD_DATA, 1, (uint64_t)i, 900);
	ASSERT_EQ(0, send_joined(&self->bed,
				 900 + secret_overhead(&self->bed.rx)));
	EXPECT_EQ(64 * 900, recv_batch(self->bed.fd, text, &type, &segment));
	EXPECT_EQ(900, segment);
	for (int i = 0; i < 64 * 900; i++)
		ASSERT_EQ(i / 900, text[i]);
	EXPECT_NOTHING(self->bed.fd);
}

TEST_F(batch, E3_a_bad_one_in_the_middle_costs_itself)
{
	add_data(&self->bed, 0);
	add_data(&self->bed, 1)[RECORD_HEADER_LEN + 20] ^= 1;
	add_data(&self->bed, 2);
	add_data(&self->bed, 3)[1] = 1; /* the version */
	add_data(&self->bed, 4);
	add_data(&self->bed, 5)[12]++; /* longer than its datagram */
	add_data(&self->bed, 6);
	add(&self->bed.rx, RECORD_DATA, 2, 7, CONTENT);
	add_data(&self->bed, 8);
	ASSERT_EQ(0, send_joined(&self->bed, a_record(&self->bed)));
	EXPECT_BATCH(CONTENT, 0, 2, 4, 6, 8);
	EXPECT_NOTHING(self->bed.fd);
	EXPECT_STATS(self->bed.fd, .rx_delivered = 5, .rx_bad_tag = 1,
		     .rx_malformed = 2, .rx_no_key = 1);
}

TEST_F(batch, E3_a_replay_in_the_middle_costs_itself)
{
	add_data(&self->bed, 2000);
	add_data(&self->bed, 1999);
	add_data(&self->bed, 2000);
	add_data(&self->bed, 1); /* left of the window */
	add_data(&self->bed, 2001);
	add_data(&self->bed, 1999);
	ASSERT_EQ(0, send_joined(&self->bed, a_record(&self->bed)));
	EXPECT_BATCH(CONTENT, 2000, 1999, 2001);
	EXPECT_NOTHING(self->bed.fd);
	EXPECT_STATS(self->bed.fd, .rx_delivered = 3, .rx_replayed = 2,
		     .rx_too_old = 1);
}

TEST_F(batch, A20_another_type_is_read_alone)
{
	static uint8_t text[65536];
	int type, segment;

	add_data(&self->bed, 0);
	add_data(&self->bed, 1);
	add(&self->bed.rx, RECORD_HANDSHAKE, 1, 2, CONTENT);
	add(&self->bed.rx, RECORD_HANDSHAKE, 1, 3, CONTENT);
	add_data(&self->bed, 4);
	ASSERT_EQ(0, send_joined(&self->bed, a_record(&self->bed)));
	EXPECT_BATCH(CONTENT, 0, 1);
	for (int i = 2; i <= 3; i++) {
		EXPECT_EQ(CONTENT,
			  recv_batch(self->bed.fd, text, &type, &segment));
		EXPECT_EQ(RECORD_HANDSHAKE, type);
		EXPECT_EQ(0, segment);
		EXPECT_EQ(i, text[0]);
	}
	EXPECT_BATCH(CONTENT, 4);
	EXPECT_NOTHING(self->bed.fd);
}

/* RFC 6347, 4.1.1: also in a datagram that was joined with others. */
TEST_F(batch, A6_several_records_in_each_datagram)
{
	for (int i = 0; i < 8; i++)
		add_data(&self->bed, (uint64_t)i);
	ASSERT_EQ(0, send_joined(&self->bed, 2 * a_record(&self->bed)));
	for (int seen = 0; seen < 8;) {
		static uint8_t text[65536];
		int type, segment;
		ssize_t n = recv_batch(self->bed.fd, text, &type, &segment);

		ASSERT_LT(0, n);
		ASSERT_EQ(0, n % CONTENT);
		for (ssize_t i = 0; i < n; i++)
			ASSERT_EQ(seen + i / CONTENT, text[i]);
		seen += (int)(n / CONTENT);
	}
	EXPECT_NOTHING(self->bed.fd);
}

/* As UDP_GRO has it: of one length, and the last may be shorter. */
TEST_F(batch, E3_unequal_ones_are_read_apart)
{
	static const size_t lengths[] = { 10, 190, 30, 170, 20, 180 };
	static const int runs[] = { 1, 2, 2, 1 };
	static uint8_t text[65536];
	size_t at = 0;

	/* Two in each datagram: those are of one length. */
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++)
		add(&self->bed.rx, RECORD_DATA, 1, i, lengths[i]);
	ASSERT_EQ(0, send_joined(&self->bed,
				 200 + 2 * secret_overhead(&self->bed.rx)));
	for (size_t i = 0; i < ARRAY_SIZE(runs); at += (size_t)runs[i++]) {
		size_t first = lengths[at];
		size_t last = runs[i] > 1 ? lengths[at + 1] : 0;
		int type, segment;

		ASSERT_EQ((ssize_t)(first + last),
			  recv_batch(self->bed.fd, text, &type, &segment));
		EXPECT_EQ(last ? (int)first : 0, segment);
		EXPECT_EQ(at, text[0]);
		EXPECT_EQ(at + !!last, text[first + last - 1]);
	}
	EXPECT_NOTHING(self->bed.fd);
}

TEST_F(batch, with_numbers_each_is_read_alone)
{
	uint8_t content[CONTENT];

	ASSERT_EQ(0, dtls_recv_flags(self->bed.fd, DTLS_RECV_INFO));
	for (int i = 0; i < 3; i++)
		add_data(&self->bed, (uint64_t)i);
	ASSERT_EQ(0, send_joined(&self->bed, a_record(&self->bed)));
	for (int i = 0; i < 3; i++) {
		memset(content, i, sizeof(content));
		EXPECT_INFO(self->bed.fd, RECORD_DATA, DTLS_RECORD_NEWEST, 1,
			    (uint64_t)i, content, CONTENT);
	}
}

TEST_F(batch, E3_without_the_option_each_is_read_alone)
{
	int off = 0;

	/* One while it's set, one after. */
	for (int i = 0; i < 3; i++)
		add_data(&self->bed, (uint64_t)i);
	ASSERT_EQ(0, send_joined(&self->bed, a_record(&self->bed)));
	ASSERT_EQ(0, setsockopt(self->bed.fd, SOL_UDP, UDP_GRO, &off,
				sizeof(off)));
	for (int i = 3; i < 6; i++)
		add_data(&self->bed, (uint64_t)i);
	ASSERT_EQ(0, send_joined(&self->bed, a_record(&self->bed)));
	for (int i = 0; i < 6; i++)
		EXPECT_BATCH(CONTENT, i);
	EXPECT_NOTHING(self->bed.fd);
}

TEST_F(batch, E3_key_that_comes_later_opens_what_waits)
{
	struct bed bed;

	ASSERT_EQ(0, bed_init(&bed, variant->family,
			      cipher_by_type(variant->cipher)));
	int on = 1;

	ASSERT_EQ(0, setsockopt(bed.fd, SOL_UDP, UDP_GRO, &on, sizeof(on)));
	ASSERT_EQ(0, dtls_attach(bed.fd));
	for (int i = 0; i < 3; i++)
		add_data(&bed, (uint64_t)i);
	ASSERT_EQ(0, send_joined(&bed, a_record(&bed)));
	ASSERT_EQ(0, dtls_key(bed.fd, TLS_RX, &bed.rx, 1, 0));
	self->bed = bed;
	EXPECT_BATCH(CONTENT, 0, 1, 2);
}

/* Numbers are one behind the other, on the wire as in the counters. */
TEST_F(batch, A2_numbers_of_a_batch_follow)
{
	static uint8_t text[1000];
	int segment = CONTENT;

	ASSERT_EQ(0, setsockopt(self->bed.fd, SOL_UDP, UDP_SEGMENT, &segment,
				sizeof(segment)));
	ASSERT_EQ(250, send(self->bed.fd, text, 250, 0));
	ASSERT_EQ(100, send(self->bed.fd, text, 100, 0));
	ASSERT_EQ(101, send(self->bed.fd, text, 101, 0));
	for (int i = 0; i < 6; i++)
		EXPECT_SEALED(RECORD_DATA, 1, (uint64_t)i, text,
			      i == 2 ? 50 :
			      i == 5 ? 1 :
				       100);
	EXPECT_STATS(self->bed.fd, .tx_records = 6);
}

TEST_F(batch, B7_no_batch_passes_the_limit)
{
	struct dtls_limits limits = { .tx_records = 10 };
	static uint8_t text[1000];
	int segment = CONTENT;

	ASSERT_EQ(0, dtls_limits(self->bed.fd, &limits));
	ASSERT_EQ(0, setsockopt(self->bed.fd, SOL_UDP, UDP_SEGMENT, &segment,
				sizeof(segment)));
	ASSERT_EQ(700, send(self->bed.fd, text, 700, 0));
	for (int i = 0; i < 7; i++)
		EXPECT_SEALED(RECORD_DATA, 1, (uint64_t)i, text, CONTENT);
	EXPECT_ERRNO(EKEYEXPIRED, send(self->bed.fd, text, 400, 0));
	EXPECT_UNSENT();
}

/* Full ones; where the kernel doesn't tell its end, a pipe's rest is shorter. */
TEST_F(batch, E3_file_goes_out_in_batches)
{
	enum {
		SEGMENT = 1000,
		LENGTH = 200500,
		PIPE = 16 * 4096,
	};
	static uint8_t file[LENGTH], packet[65536], text[65536];
	int segment = SEGMENT, fd = memfd_create("batch", MFD_CLOEXEC);
	size_t got = 0, full = 0;
	off_t offset = 0;

	for (size_t i = 0; i < sizeof(file); i++)
		file[i] = (uint8_t)(i * 7 + i / 256);
	ASSERT_EQ(LENGTH, write(fd, file, sizeof(file)));
	ASSERT_EQ(0, setsockopt(self->bed.fd, SOL_UDP, UDP_SEGMENT, &segment,
				sizeof(segment)));
	while (offset < LENGTH)
		ASSERT_LT(0, sendfile(self->bed.fd, fd, &offset,
				      (size_t)(LENGTH - offset)));
	ASSERT_EQ(0, bed_settle(&self->bed));
	for (uint64_t seq = 0; got < LENGTH; seq++) {
		ssize_t n = recv(self->bed.peer, packet, sizeof(packet),
				 MSG_DONTWAIT);
		struct record record;

		ASSERT_LT(0, n);
		n = record_open(&self->bed.tx, packet, (size_t)n, &record, text);
		ASSERT_LT(0, n);
		ASSERT_GE(SEGMENT, n);
		ASSERT_EQ(seq, record.seq);
		ASSERT_EQ(0, memcmp(file + got, text, (size_t)n));
		got += (size_t)n;
		full += n == SEGMENT;
	}
	EXPECT_EQ(LENGTH, got);
	EXPECT_LE(LENGTH / SEGMENT - LENGTH / PIPE, full);
	close(fd);
}

TEST_F(batch, what_does_not_fit_is_refused_whole)
{
	static uint8_t text[65536];
	int segment = 1000;

	ASSERT_EQ(0, setsockopt(self->bed.fd, SOL_UDP, UDP_SEGMENT, &segment,
				sizeof(segment)));
	/* With its headers it's more than UDP takes. */
	EXPECT_ERRNO(EMSGSIZE, send(self->bed.fd, text, 64000, 0));
	segment = 100;
	ASSERT_EQ(0, setsockopt(self->bed.fd, SOL_UDP, UDP_SEGMENT, &segment,
				sizeof(segment)));
	EXPECT_ERRNO(EINVAL, send(self->bed.fd, text, 100 * 128 + 1, 0));
	EXPECT_ERRNO(EFAULT, send(self->bed.fd, NULL, 1000, 0));
	EXPECT_UNSENT();
	ASSERT_EQ(1, send(self->bed.fd, "x", 1, 0));
	EXPECT_SEALED(RECORD_DATA, 1, 0, "x", 1);
}

TEST_HARNESS_MAIN

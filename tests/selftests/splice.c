// SPDX-License-Identifier: GPL-2.0
/* sendfile() and splice(): nothing goes out unprotected. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#include "check.h"

FIXTURE_BED(splice)

FIXTURE_SETUP(splice)
{
	BED_SETUP_KEYED();
}

FIXTURE_TEARDOWN(splice)
{
}

enum {
	FILE_LEN = 100000
};

static uint8_t content[FILE_LEN];

/* A file with content that no ciphertext holds by chance. */
static int make_file(size_t len)
{
	int fd = memfd_create("content", 0);

	for (size_t i = 0; i < sizeof(content); i++)
		content[i] = (uint8_t)(i * 31 + i / 251);
	if (fd < 0 || write(fd, content, len) != (ssize_t)len ||
	    lseek(fd, 0, SEEK_SET))
		return -1;
	return fd;
}

/*
 * The peer got @len bytes of the file from @offset on, in records with numbers
 * from @seq on, and nothing else. Return: how many records.
 */
static size_t expect_content(struct __test_metadata *_metadata,
			     const struct bed *bed, size_t offset, size_t len,
			     uint64_t seq)
{
	static uint8_t wire[65536], text[65536];
	size_t records = 0, end = offset + len;
	struct record record;
	ssize_t n;

	ASSERT_EQ(0, bed_settle(bed));
	while ((n = recv(bed->peer, wire, sizeof(wire), MSG_DONTWAIT)) >= 0) {
		n = record_open(&bed->tx, wire, (size_t)n, &record, text);
		ASSERT_LE(0, n)
		TH_LOG("record %zu doesn't open", records);
		EXPECT_EQ(seq + records, record.seq);
		EXPECT_EQ(RECORD_DATA, record.type);
		ASSERT_GE(end - offset, n);
		EXPECT_EQ(0, memcmp(content + offset, text, (size_t)n));
		offset += (size_t)n;
		records++;
	}
	EXPECT_EQ(end, offset);
	return records;
}

TEST_F(splice, file_is_sent_as_records)
{
	static const size_t lens[] = { 1,     100,   4096,    5000,
				       16384, 20000, FILE_LEN };
	uint64_t seq = 0;

	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		int file = make_file(lens[i]);
		size_t sent = 0;

		ASSERT_LE(0, file);
		while (sent < lens[i]) {
			ssize_t n = sendfile(self->bed.fd, file, NULL,
					     lens[i] - sent);

			ASSERT_LT(0, n)
			TH_LOG("after %zu of %zu: %s", sent, lens[i],
			       strerror(errno));
			sent += (size_t)n;
		}
		seq += expect_content(_metadata, &self->bed, 0, lens[i], seq);
		close(file);
	}
	EXPECT_STATS(self->bed.fd, .tx_records = seq);
}

TEST_F(splice, part_of_a_file_is_sent_as_records)
{
	int file = make_file(FILE_LEN);
	off_t offset = 5000;

	ASSERT_LE(0, file);
	ASSERT_EQ(300, sendfile(self->bed.fd, file, &offset, 300));
	EXPECT_EQ(5300, offset);
	expect_content(_metadata, &self->bed, 5000, 300, 0);
}

/* What the file becomes later must not show in what was sent. */
TEST_F(splice, file_stays_unchanged_and_may_change)
{
	int file = make_file(4096);
	uint8_t *map, copy[4096];

	ASSERT_LE(0, file);
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	ASSERT_NE(MAP_FAILED, map);
	memcpy(copy, map, sizeof(copy));
	ASSERT_EQ(4096, sendfile(self->bed.fd, file, NULL, 4096));
	EXPECT_EQ(0, memcmp(copy, map, sizeof(copy)));
	memset(map, 0, 4096);
	expect_content(_metadata, &self->bed, 0, 4096, 0);
}

TEST_F(splice, pipe_is_sent_as_records)
{
	int ends[2];

	ASSERT_LE(0, make_file(0));
	ASSERT_EQ(0, pipe(ends));
	ASSERT_EQ(3000, write(ends[1], content, 3000));
	ASSERT_EQ(3000, splice(ends[0], NULL, self->bed.fd, NULL, 3000, 0));
	expect_content(_metadata, &self->bed, 0, 3000, 0);
}

/* More is announced: kernels that can be told of the end of a file wait for it. */
TEST_F(splice, announced_rest_completes_a_record)
{
	int ends[2];

	ASSERT_LE(0, make_file(0));
	ASSERT_EQ(0, pipe(ends));
	ASSERT_EQ(3000, write(ends[1], content, 3000));
	ASSERT_EQ(3000, splice(ends[0], NULL, self->bed.fd, NULL, 3000,
			       SPLICE_F_MORE));
	ASSERT_EQ(2000, send(self->bed.fd, content + 3000, 2000, 0));
	EXPECT_GE(2U, expect_content(_metadata, &self->bed, 0, 5000, 0));
}

TEST_F(splice, pages_of_the_program_are_sent_as_records)
{
	struct iovec iov = { content, 6000 };
	int ends[2];

	ASSERT_LE(0, make_file(0));
	ASSERT_EQ(0, pipe(ends));
	ASSERT_EQ(6000, vmsplice(ends[1], &iov, 1, SPLICE_F_GIFT));
	for (size_t sent = 0; sent < 6000;) {
		ssize_t n = splice(ends[0], NULL, self->bed.fd, NULL,
				   6000 - sent, 0);

		ASSERT_LT(0, n);
		sent += (size_t)n;
	}
	expect_content(_metadata, &self->bed, 0, 6000, 0);
}

/* From one attached socket to a file, through a pipe. */
TEST_F(splice, record_is_spliced_out_as_its_content)
{
	char text[16];
	int ends[2];

	ASSERT_EQ(0, pipe(ends));
	INJECT(RECORD_DATA, 1, 0, "there", 5);
	ASSERT_EQ(5, splice(self->bed.fd, NULL, ends[1], NULL, 4096, 0));
	ASSERT_EQ(5, read(ends[0], text, sizeof(text)));
	EXPECT_EQ(0, memcmp("there", text, 5));
	EXPECT_STATS(self->bed.fd, .rx_delivered = 1);
}

TEST_F(splice, without_a_key_it_is_that_of_udp)
{
	int file = make_file(1000), fd[2];
	uint8_t text[2000];

	ASSERT_LE(0, file);
	ASSERT_EQ(0, bed_pair(variant->family, fd));
	ASSERT_EQ(0, dtls_attach(fd[0]));
	ASSERT_EQ(1000, sendfile(fd[0], file, NULL, 1000));
	ASSERT_EQ(1000, recv(fd[1], text, sizeof(text), 0));
	EXPECT_EQ(0, memcmp(content, text, 1000));
}

TEST_HARNESS_MAIN

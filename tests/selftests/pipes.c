// SPDX-License-Identifier: GPL-2.0
/* splice(), sendfile() and tee(): messages out of pipes and into them. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

#include "compare.h"
#include "waiter.h"

FIXTURE_COMPARE(pipes)

static char text[1 << 16];

/* What's in the pipe, all of it. */
static void see_pipe(struct run *run, int out)
{
	ssize_t n;

	fcntl(out, F_SETFL, O_NONBLOCK);
	errno = 0;
	n = read(out, text, sizeof(text));
	see(run, n, "from the pipe");
	see_text(run, text, n);
}

static void fill_pipe(struct run *run, int in, size_t len, unsigned int id)
{
	marked_text(text, len, id);
	run->texts += len >= MARKER_LEN;
	SEE(write(in, text, len));
}

static int make_file(size_t len)
{
	int file = memfd_create("content", 0);

	marked_text(text, len, 5);
	if (file < 0 || write(file, text, len) != (ssize_t)len ||
	    lseek(file, 0, SEEK_SET))
		return -1;
	return file;
}

/* A message that isn't taken as a whole is cut, as by any short buffer. */
SCENARIO(pipes, message_into_a_pipe)
{
	static const size_t rooms[] = { 1000, 100, 40, 10, 1, 0, 70000 };
	int ends[2];

	ASSERT_EQ(0, pipe(ends));
	for (size_t i = 0; i < ARRAY_SIZE(rooms); i++) {
		SEE(run_send(run, run->bed.peer, i, 40, 0));
		SEE(run_send(run, run->bed.peer, i + 20, 40, 0));
		SETTLE();
		SEE_AS(splice(run->bed.fd, NULL, ends[1], NULL, rooms[i], 0),
		       "room for %zu", rooms[i]);
		see_pipe(run, ends[0]);
		see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
		see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
	}
}

SCENARIO(pipes, long_message_into_a_pipe)
{
	static const size_t lens[] = { 4095, 4096, 4097, 16384 };
	int ends[2];

	ASSERT_EQ(0, pipe(ends));
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		SEE(run_send(run, run->bed.peer, i, lens[i], 0));
		SETTLE();
		SEE(splice(run->bed.fd, NULL, ends[1], NULL, 1 << 16, 0));
		see_pipe(run, ends[0]);
		see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
	}
}

SCENARIO(pipes, nothing_into_a_pipe)
{
	int ends[2];

	ASSERT_EQ(0, pipe(ends));
	SEE(fcntl(run->bed.fd, F_SETFL, O_NONBLOCK));
	SEE(splice(run->bed.fd, NULL, ends[1], NULL, 100, 0));
	SEE(splice(run->bed.fd, NULL, ends[1], NULL, 100, SPLICE_F_NONBLOCK));
	SEE(run_send(run, run->bed.peer, 1, 0, 0));
	SETTLE();
	SEE(splice(run->bed.fd, NULL, ends[1], NULL, 100, 0));
	see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
	SEE(shutdown(run->bed.fd, SHUT_RD));
	SEE(fcntl(run->bed.fd, F_SETFL, 0));
	SEE(splice(run->bed.fd, NULL, ends[1], NULL, 100, 0));
}

/* No room in the pipe: the message stays where it is. */
SCENARIO(pipes, message_into_a_full_pipe)
{
	int ends[2];

	ASSERT_EQ(0, pipe(ends));
	SEE(fcntl(ends[1], F_SETFL, O_NONBLOCK));
	SEE(fcntl(ends[1], F_SETPIPE_SZ, 4096));
	fill_pipe(run, ends[1], 4096, 1);
	SEE(run_send(run, run->bed.peer, 1, 40, 0));
	SETTLE();
	SEE(splice(run->bed.fd, NULL, ends[1], NULL, 100, SPLICE_F_NONBLOCK));
	see_recv(run, run->bed.fd, 100, MSG_DONTWAIT);
}

struct splicer {
	int from, to;
};

static long splice_all(void *arg)
{
	const struct splicer *splicer = arg;

	return splice(splicer->from, NULL, splicer->to, NULL, 1000, 0);
}

SCENARIO(pipes, splice_waits_for_a_message)
{
	struct splicer splicer = { .from = run->bed.fd };
	struct waiter waiter;
	int ends[2];

	ASSERT_EQ(0, pipe(ends));
	splicer.to = ends[1];
	ASSERT_EQ(0, waiter_begin(&waiter, splice_all, &splicer));
	SEE(run_send(run, run->bed.peer, 1, 40, 0));
	SEE(waiter_end(&waiter));
	see_pipe(run, ends[0]);
}

SCENARIO(pipes, E4_pipe_into_a_message)
{
	static const size_t lens[] = { 1, 40, 1000, 4096 };
	int ends[2];

	ASSERT_EQ(0, pipe(ends));
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		fill_pipe(run, ends[1], lens[i], i);
		SEE(splice(ends[0], NULL, run->bed.fd, NULL, lens[i], 0));
		SETTLE();
		see_recv(run, run->bed.peer, 5000, MSG_DONTWAIT);
		see_recv(run, run->bed.peer, 5000, MSG_DONTWAIT);
	}
	/* In parts: each call is a message. */
	fill_pipe(run, ends[1], 1000, 9);
	for (int i = 0; i < 4; i++)
		SEE(splice(ends[0], NULL, run->bed.fd, NULL, 250, 0));
	SETTLE();
	for (int i = 0; i < 5; i++)
		see_recv(run, run->bed.peer, 5000, MSG_DONTWAIT);
	SEE(fcntl(ends[0], F_SETFL, O_NONBLOCK));
	SEE(splice(ends[0], NULL, run->bed.fd, NULL, 100, 0));
	SEE(close(ends[1]));
	SEE(splice(ends[0], NULL, run->bed.fd, NULL, 100, 0));
}

/* Out of one socket, and into it again. */
SCENARIO(pipes, message_is_sent_back)
{
	int ends[2];

	ASSERT_EQ(0, pipe(ends));
	for (unsigned int i = 0; i < 3; i++) {
		SEE(run_send(run, run->bed.peer, i, 1000, 0));
		SETTLE();
		SEE(splice(run->bed.fd, NULL, ends[1], NULL, 4096, 0));
		SEE(splice(ends[0], NULL, run->bed.fd, NULL, 4096, 0));
		SETTLE();
		see_recv(run, run->bed.peer, 2000, MSG_DONTWAIT);
	}
	SEE(splice(run->bed.fd, NULL, run->bed.peer, NULL, 100, 0));
	SEE(sendfile(run->bed.peer, run->bed.fd, NULL, 100));
	SEE(copy_file_range(run->bed.fd, NULL, run->bed.peer, NULL, 100, 0));
}

SCENARIO(pipes, pages_are_shared_with_another_pipe)
{
	int ends[2], others[2];

	ASSERT_EQ(0, pipe(ends));
	ASSERT_EQ(0, pipe(others));
	fill_pipe(run, ends[1], 1000, 1);
	SEE(tee(ends[0], others[1], 1000, 0));
	SEE(splice(ends[0], NULL, run->bed.fd, NULL, 1000, 0));
	see_pipe(run, others[0]);
	SETTLE();
	see_recv(run, run->bed.peer, 2000, MSG_DONTWAIT);
}

SCENARIO(pipes, file_into_a_message)
{
	int file = make_file(4096);
	off_t offset = 1000;

	ASSERT_LE(0, file);
	SEE(sendfile(run->bed.fd, file, NULL, 4096));
	SEE(sendfile(run->bed.fd, file, NULL, 100));
	SEE(sendfile(run->bed.fd, file, &offset, 500));
	SEE(sendfile(run->bed.fd, file, &offset, 0));
	tell(run, "offset %ld", (long)offset);
	run->texts++;
	SETTLE();
	for (int i = 0; i < 4; i++)
		see_recv(run, run->bed.peer, 5000, MSG_DONTWAIT);
}

SCENARIO(pipes, error_stops_a_splice)
{
	int ends[2];

	ASSERT_EQ(0, pipe(ends));
	fill_pipe(run, ends[1], 100, 1);
	SEE(shutdown(run->bed.fd, SHUT_WR));
	SEE(splice(ends[0], NULL, run->bed.fd, NULL, 100, 0));
	run->texts = 0;
}

/*
 * More than a record, or than a datagram of plain UDP: nothing to compare with.
 * What one end sends out of a file the other one writes into a file.
 */
FIXTURE(files)
{
	struct run *run;
};

FIXTURE_VARIANT(files)
{
	enum bed_family family;
};

FIXTURE_VARIANT_ADD(files, ipv4) { .family = BED_IPV4 };
FIXTURE_VARIANT_ADD(files, ipv6) { .family = BED_IPV6 };
FIXTURE_VARIANT_ADD(files, mapped) { .family = BED_MAPPED };

FIXTURE_SETUP(files)
{
	static struct run run;

	self->run = &run;
	ASSERT_EQ(0, run_begin(&run, variant->family, 1));
}

FIXTURE_TEARDOWN(files)
{
	const char *problem;

	ASSERT_EQ(0, run_end(self->run));
	problem = run_problem(self->run);
	EXPECT_EQ(NULL, problem)
	TH_LOG("%s", problem);
}

enum {
	FILE_LEN = 300000
};

static char content[FILE_LEN], copy[FILE_LEN];

/* Read everything that has arrived into @file, through a pipe. */
static int splice_in(int fd, int file)
{
	int ends[2], err = 0;
	ssize_t n;

	if (pipe(ends) || fcntl(fd, F_SETFL, O_NONBLOCK))
		return -1;
	while (!err && (n = splice(fd, NULL, ends[1], NULL, 1 << 16, 0)) > 0)
		err = splice(ends[0], NULL, file, NULL, (size_t)n, 0) != n;
	close(ends[0]);
	close(ends[1]);
	return err;
}

static void expect_same(struct __test_metadata *_metadata, struct run *run,
			size_t len)
{
	int file = memfd_create("copy", 0);

	ASSERT_EQ(0, bed_settle(&run->bed));
	ASSERT_EQ(0, splice_in(run->bed.peer, file));
	ASSERT_EQ(len, pread(file, copy, sizeof(copy), 0));
	EXPECT_EQ(0, memcmp(content, copy, len));
	close(file);
}

static int content_file(struct run *run, size_t len)
{
	int file = memfd_create("content", 0);

	marked_text(content, len, 3);
	run->texts++;
	return write(file, content, len) == (ssize_t)len ? file : -1;
}

TEST_F(files, are_sent_and_received)
{
	static const size_t lens[] = { 16384, 16385, 65536, 65537, FILE_LEN };

	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		int file = content_file(self->run, lens[i]);
		off_t offset = 0;

		ASSERT_LE(0, file);
		while (offset < (off_t)lens[i])
			ASSERT_LT(0, sendfile(self->run->bed.fd, file, &offset,
					      lens[i] - (size_t)offset));
		expect_same(_metadata, self->run, lens[i]);
		close(file);
	}
}

TEST_F(files, go_through_pipes)
{
	int file = content_file(self->run, FILE_LEN), ends[2];
	loff_t offset = 0;

	ASSERT_LE(0, file);
	ASSERT_EQ(0, pipe(ends));
	while (offset < FILE_LEN) {
		ssize_t n = splice(file, &offset, ends[1], NULL, 1 << 16, 0);

		ASSERT_LT(0, n);
		while (n > 0) {
			ssize_t sent =
				splice(ends[0], NULL, self->run->bed.fd, NULL,
				       (size_t)n,
				       offset < FILE_LEN ? SPLICE_F_MORE : 0);

			ASSERT_LT(0, sent);
			n -= sent;
		}
	}
	expect_same(_metadata, self->run, FILE_LEN);
}

/* What the file becomes while its content is under way doesn't matter. */
TEST_F(files, may_change_once_they_are_sent)
{
	int file = content_file(self->run, FILE_LEN);
	off_t offset = 0;
	char *map;

	ASSERT_LE(0, file);
	map = mmap(NULL, FILE_LEN, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	ASSERT_NE(MAP_FAILED, map);
	while (offset < FILE_LEN)
		ASSERT_LT(0, sendfile(self->run->bed.fd, file, &offset,
				      FILE_LEN - (size_t)offset));
	/* Sending didn't change it, nor does changing it change what was sent. */
	EXPECT_EQ(0, memcmp(map, content, FILE_LEN));
	memset(map, 0, FILE_LEN);
	expect_same(_metadata, self->run, FILE_LEN);
}

TEST_HARNESS_MAIN

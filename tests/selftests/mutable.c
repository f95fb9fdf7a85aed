// SPDX-License-Identifier: GPL-2.0
/* A datagram whose memory its sender still writes to, as splice() has it. */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "check.h"

FIXTURE_BED_KINDS(mutable)

FIXTURE_SETUP(mutable)
{
	BED_SETUP_KEYED();
}

FIXTURE_TEARDOWN(mutable)
{
}

enum {
	CONTENT = 15000, /* of a record */
	AREA = 16384,    /* of memory for one */
	ROUNDS = 200,
};

struct flipper {
	_Atomic(uint8_t *) at;
	atomic_int is_over;
};

static void *flip(void *arg)
{
	struct flipper *flipper = arg;

	while (!flipper->is_over) {
		uint8_t *at = flipper->at;

		if (at)
			*(volatile uint8_t *)at ^= 1;
	}
	return NULL;
}

static ssize_t send_spliced(int fd, const int pipe[2], void *area, size_t len)
{
	struct iovec iov = { area, len };

	if (vmsplice(pipe[1], &iov, 1, 0) != (ssize_t)len)
		return -1;
	return splice(pipe[0], NULL, fd, NULL, len, 0);
}

/* Whoever has the memory can cost the record, and nothing else. */
TEST_F(mutable, A13_what_changes_meanwhile_is_not_delivered)
{
	static uint8_t content[CONTENT], text[CONTENT + 1], sealed[AREA];
	struct flipper flipper = {};
	uint8_t *area;
	pthread_t thread;
	int pipe[2], got = 0, wrong = 0;

	memset(content, 'x', sizeof(content));
	area = mmap(NULL, AREA, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, area);
	ASSERT_EQ(0, pipe2(pipe, O_CLOEXEC));
	ASSERT_EQ(0, pthread_create(&thread, NULL, flip, &flipper));
	for (uint64_t seq = 0; seq < ROUNDS; seq++) {
		struct record record = record_make(RECORD_DATA, 1, seq);
		size_t len = record_seal(&self->bed.rx, &record, content,
					 CONTENT, sealed);
		ssize_t n;

		/* Not sealed there: OpenSSL reads its output, too. */
		memcpy(area, sealed, len);
		ASSERT_EQ((ssize_t)len,
			  send_spliced(self->bed.peer, pipe, area, len))
		TH_LOG("%s", strerror(errno));
		ASSERT_EQ(0, bed_settle(&self->bed));
		flipper.at = area + CONTENT - 500;
		n = recv(self->bed.fd, text, sizeof(text), MSG_DONTWAIT);
		flipper.at = NULL;
		got += n == CONTENT;
		wrong += n == CONTENT && memcmp(text, content, CONTENT);
	}
	flipper.is_over = 1;
	ASSERT_EQ(0, pthread_join(thread, NULL));
	TH_LOG("%d of %d delivered, %d not as they were sealed", got, ROUNDS,
	       wrong);
	EXPECT_EQ(0, wrong);
}

TEST_HARNESS_MAIN

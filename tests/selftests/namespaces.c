// SPDX-License-Identifier: GPL-2.0
/* Namespaces and links that come and go while records are under way. */
#include <net/if.h>
#include <sched.h>
#include <sys/wait.h>

#include "compare.h"
#include "link.h"

/* What happens to a link, compared with plain UDP. */
FIXTURE_COMPARE(links)

/* Sockets at the two ends of @link, with keys of their own. */
static void open_pair(struct __test_metadata *_metadata, struct run *run,
		      const struct link *link, int fd[2])
{
	ASSERT_EQ(0, link_pair(link, run->bed.family, fd));
	ASSERT_EQ(0, run_attach(run, fd[0], 0, 1));
	ASSERT_EQ(0, run_attach(run, fd[1], 1, 1));
}

static void see_works(struct __test_metadata *_metadata, struct run *run,
		      const int fd[2])
{
	SEE_AS(run_send(run, fd[0], 1, 40, 0), "the near end sends");
	SEE_AS(run_send(run, fd[1], 2, 50, 0), "the far end sends");
	SETTLE();
	see_poll(run, fd[0], POLLIN | POLLOUT);
	see_recv(run, fd[0], 100, MSG_DONTWAIT);
	see_recv(run, fd[1], 100, MSG_DONTWAIT);
}

SCENARIO(links, goes_down_and_up)
{
	struct link link;
	int fd[2];

	ASSERT_EQ(0, link_open(&link));
	open_pair(_metadata, run, &link, fd);
	see_works(_metadata, run, fd);
	ASSERT_EQ(0, link_flags("near", 0));
	see_works(_metadata, run, fd);
	/* IPv6 loses its address with the link. */
	ASSERT_EQ(0, link_configure("near", LINK_NEAR));
	ASSERT_EQ(0, link_wait(&link));
	see_works(_metadata, run, fd);
}

SCENARIO(links, is_taken_away)
{
	struct link link;
	int fd[2];

	ASSERT_EQ(0, link_open(&link));
	open_pair(_metadata, run, &link, fd);
	SEE(run_send(run, fd[1], 1, 40, 0));
	SETTLE();
	ASSERT_EQ(0, link_delete());
	/* What has arrived is there. */
	see_recv(run, fd[0], 100, MSG_DONTWAIT);
	see_works(_metadata, run, fd);
}

/* The other end's namespace goes, with the socket in it. */
SCENARIO(links, other_end_goes_away)
{
	struct link link;
	int fd[2];

	ASSERT_EQ(0, link_open(&link));
	open_pair(_metadata, run, &link, fd);
	see_works(_metadata, run, fd);
	SEE(close(fd[1]));
	ASSERT_EQ(0, close(link.far));
	/* Its end of the link goes with it, when the kernel comes to that. */
	while (if_nametoindex("near"))
		sched_yield();
	SEE(run_send(run, fd[0], 3, 40, 0));
	see_recv(run, fd[0], 100, MSG_DONTWAIT);
	see_poll(run, fd[0], POLLIN | POLLOUT);
}

/* Traffic within namespaces that are made, and left to themselves. */
FIXTURE(namespaces) {};

FIXTURE_VARIANT(namespaces)
{
	enum bed_family family;
};

FIXTURE_VARIANT_ADD(namespaces, ipv4) { .family = BED_IPV4 };
FIXTURE_VARIANT_ADD(namespaces, ipv6) { .family = BED_IPV6 };

FIXTURE_SETUP(namespaces)
{
	ASSERT_EQ(0, bed_netns());
}

FIXTURE_TEARDOWN(namespaces)
{
}

enum {
	ROUNDS = 5,
	THREADS = 3,
	SENDS = 100,
};

struct traveller {
	enum bed_family family;
	struct run run;
	int failed; /* where */
	int fd[2];  /* what it leaves behind */
	pthread_t thread;
};

static int exchange(struct traveller *traveller, const int fd[2])
{
	char text[100];

	for (unsigned int i = 0; i < SENDS; i++) {
		if (run_send(&traveller->run, fd[i % 2], i, 40, 0) != 40 ||
		    recv(fd[!(i % 2)], text, sizeof(text), 0) != 40)
			return -1;
	}
	return 0;
}

/* Three messages that the traveller left unread. */
static int read_rest(const struct traveller *traveller)
{
	char text[100];

	for (int i = 0; i < 3; i++)
		if (recv(traveller->fd[0], text, sizeof(text), MSG_DONTWAIT) !=
		    40)
			return -1;
	return 0;
}

/* Make a namespace, send in it, and leave the sockets there. */
static void *travel(void *arg)
{
	struct traveller *traveller = arg;
	struct run *run = &traveller->run;

	traveller->failed = __LINE__;
	if (run_begin(run, traveller->family, 1))
		return NULL;
	traveller->fd[0] = run->bed.fd;
	traveller->fd[1] = run->bed.peer;
	traveller->failed = __LINE__;
	if (exchange(traveller, traveller->fd))
		return NULL;
	for (unsigned int i = 0; i < 3; i++)
		run_send(run, run->bed.peer, i, 40, 0);
	traveller->failed = __LINE__;
	if (bed_settle(&run->bed) || sniffer_drain(&run->sniffer) ||
	    run_problem(run))
		return NULL;
	traveller->failed = 0;
	close(run->sniffer.fd);
	close(run->bed.barrier);
	return NULL;
}

/* They go on in a namespace that nobody is in, and which ends with them. */
TEST_F(namespaces, end_with_their_sockets)
{
	static struct traveller travellers[THREADS];

	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < THREADS; i++) {
			travellers[i].family = variant->family;
			ASSERT_EQ(0, pthread_create(&travellers[i].thread, NULL,
						    travel, &travellers[i]));
		}
		for (int i = 0; i < THREADS; i++) {
			struct traveller *traveller = &travellers[i];

			ASSERT_EQ(0, pthread_join(traveller->thread, NULL));
			ASSERT_EQ(0, traveller->failed);
			/* Half of them with records that nobody reads. */
			if (i % 2) {
				ASSERT_EQ(0, read_rest(traveller));
				EXPECT_EQ(0, exchange(traveller, traveller->fd));
			}
			ASSERT_EQ(0, close(traveller->fd[0]));
			ASSERT_EQ(0, close(traveller->fd[1]));
		}
	}
	EXPECT_EQ(0, dtls_wait_for_no_reference());
}

/* Sends to itself until it's killed. */
static void run_child(enum bed_family family, int ready)
{
	static struct traveller traveller;
	int fd[2];

	if (run_begin(&traveller.run, family, 1))
		_exit(1);
	fd[0] = traveller.run.bed.fd;
	fd[1] = traveller.run.bed.peer;
	if (exchange(&traveller, fd) || write(ready, "", 1) != 1)
		_exit(1);
	while (!exchange(&traveller, fd))
		;
	_exit(1);
}

TEST_F(namespaces, end_with_their_processes)
{
	for (int round = 0; round < ROUNDS; round++) {
		int ready[2], status;
		pid_t child;
		char byte;

		ASSERT_EQ(0, pipe(ready));
		child = fork();
		if (!child)
			run_child(variant->family, ready[1]);
		ASSERT_EQ(0, close(ready[1]));
		ASSERT_EQ(1, read(ready[0], &byte, 1));
		ASSERT_EQ(0, kill(child, SIGKILL));
		ASSERT_EQ(child, waitpid(child, &status, 0));
		EXPECT_EQ(1, WIFSIGNALED(status));
		close(ready[0]);
	}
	EXPECT_EQ(0, dtls_wait_for_no_reference());
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0
/* MSG_MORE and UDP_CORK: content that waits for more, as with plain UDP. */
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/uio.h>

#include "compare.h"

FIXTURE_COMPARE(pending)

/* What the other end has got by now. */
static void see_arrived(struct __test_metadata *_metadata, struct run *run)
{
	SETTLE();
	for (int i = 0; i < 2; i++)
		see_recv(run, run->bed.peer, 1000, MSG_DONTWAIT);
}

static void cork(struct run *run, int value)
{
	SEE_AS(set_option(run->bed.fd, SOL_UDP, UDP_CORK, value), "cork %d",
	       value);
	see_option(run, run->bed.fd, SOL_UDP, UDP_CORK);
}

SCENARIO(pending, E4_parts_become_one_message)
{
	int fd = run->bed.fd;

	SEE(run_send(run, fd, 1, 40, MSG_MORE));
	SEE(run_send(run, fd, 2, 0, MSG_MORE));
	SEE(run_send(run, fd, 3, 1, MSG_MORE | MSG_DONTWAIT));
	see_arrived(_metadata, run);
	SEE(run_send(run, fd, 4, 100, 0));
	see_arrived(_metadata, run);
	SEE(run_send(run, fd, 5, 40, MSG_MORE));
	SEE(run_send(run, fd, 6, 0, 0));
	see_arrived(_metadata, run);
	SEE(run_send(run, fd, 7, 40, 0));
	see_arrived(_metadata, run);
}

SCENARIO(pending, E4_cork_holds_parts)
{
	int fd = run->bed.fd;

	cork(run, 1);
	for (unsigned int i = 0; i < 3; i++)
		SEE(run_send(run, fd, i, 40, i == 1 ? MSG_MORE : 0));
	see_arrived(_metadata, run);
	cork(run, 0);
	see_arrived(_metadata, run);
	SEE(run_send(run, fd, 3, 40, 0));
	see_arrived(_metadata, run);
	/* With nothing under it. */
	cork(run, 1);
	cork(run, 0);
	cork(run, 7);
	cork(run, 7);
	SEE(run_send(run, fd, 4, 0, 0));
	cork(run, 0);
	see_arrived(_metadata, run);
	SEE(setsockopt(fd, SOL_UDP, UDP_CORK, "", 1));
	SEE(setsockopt(fd, SOL_UDP, UDP_CORK, (void *)8, 4));
}

SCENARIO(pending, calls_of_each_kind_add_to_it)
{
	static char text[100];
	struct iovec iov[2] = { { text, 10 }, { text + 10, 20 } };
	struct mmsghdr msgs[2] = {};
	int fd = run->bed.fd, ends[2];

	ASSERT_EQ(0, pipe(ends));
	marked_text(text, sizeof(text), 1);
	run->texts++;
	for (int i = 0; i < 2; i++) {
		msgs[i].msg_hdr.msg_iov = iov;
		msgs[i].msg_hdr.msg_iovlen = 2;
	}
	cork(run, 1);
	SEE(write(fd, text, 30));
	SEE(writev(fd, iov, 2));
	SEE(sendmmsg(fd, msgs, 2, 0));
	SEE(write(ends[1], text, 50));
	SEE(splice(ends[0], NULL, fd, NULL, 50, 0));
	see_arrived(_metadata, run);
	cork(run, 0);
	see_arrived(_metadata, run);
	SEE(sendmmsg(fd, msgs, 2, MSG_MORE));
	see_arrived(_metadata, run);
	SEE(write(fd, text, 30));
	see_arrived(_metadata, run);
}

/* What waits isn't sent by a close, by either end. */
SCENARIO(pending, close_drops_what_waits)
{
	SEE(run_send(run, run->bed.fd, 1, 40, MSG_MORE));
	SEE(close(run->bed.fd));
	run->bed.fd = bed_socket(run->bed.family, SOCK_DGRAM, 0);
	see_arrived(_metadata, run);
	run->texts = 0;
}

static const struct difference shut[] = {
	DIFFERS("run_send(run, fd, 2, 40, MSG_NOSIGNAL) = 40",
		"run_send(run, fd, 2, 40, MSG_NOSIGNAL) = EPIPE",
		"UDP forgets to look if there's room left in what waits"),
	DIFFERS("what arrives = 80", "what arrives = EAGAIN", "likewise"),
	{}
};

SCENARIO_BUT(pending, shutdown_stops_what_waits, shut)
{
	static char buffer[1000];
	int fd = run->bed.fd;

	SEE(run_send(run, fd, 1, 40, 0));
	SEE(run_send(run, fd, 1, 40, MSG_MORE));
	SEE(shutdown(fd, SHUT_WR));
	see_arrived(_metadata, run);
	SEE(run_send(run, fd, 2, 40, MSG_NOSIGNAL));
	SETTLE();
	SEE_AS(recv(run->bed.peer, buffer, sizeof(buffer), MSG_DONTWAIT),
	       "what arrives");
}

static const struct difference failures[] = {
	DIFFERS("what waited: message = 40", "what waited: message = 80",
		"what waits stays where UDP drops it"),
	{}
};

/* A part that fails: here it changes nothing, as any call that fails. */
SCENARIO_BUT(pending, failure_leaves_what_waits, failures)
{
	static char buffer[1000];
	int fd = run->bed.fd;

	for (int way = 0; way < 2; way++) {
		SEE(run_send(run, fd, 1, 40, MSG_MORE));
		if (way)
			SEE(run_send(run, fd, 2, 70000, MSG_MORE));
		else
			SEE(send(fd, (void *)8, 40, MSG_MORE));
		SEE(run_send(run, fd, 3, 40, 0));
		SETTLE();
		SEE_AS(recv(run->bed.peer, buffer, sizeof(buffer), MSG_DONTWAIT),
		       "what waited: message");
		see_arrived(_metadata, run);
	}
}

/* More than UDP, or than a record, takes. */
SCENARIO(pending, A8_too_much_is_refused)
{
	static char buffer[1 << 16];
	size_t most = run->keyed ? RECORD_CONTENT_MAX : 65507;
	int fd = run->bed.fd;
	ssize_t n;

	if (!run->keyed && run->bed.family == BED_IPV6)
		most = 65527;
	n = run_send(run, fd, 1, most - 100, MSG_MORE);
	tell(run, "%s", n == (ssize_t)most - 100 ? "all of it" : "not so");
	SEE(run_send(run, fd, 2, 100, 0));
	SETTLE();
	n = recv(run->bed.peer, buffer, sizeof(buffer), MSG_DONTWAIT);
	tell(run, "%s", n == (ssize_t)most ? "all of it" : "not so");
	run_send(run, fd, 1, most - 100, MSG_MORE);
	SEE(run_send(run, fd, 2, 101, 0));
	SETTLE();
	see_recv(run, run->bed.peer, 100, MSG_DONTWAIT);
}

/* Descriptors and processes share what waits. */
SCENARIO(pending, duplicates_share_what_waits)
{
	int fd = run->bed.fd, other = dup(fd);

	SEE(run_send(run, fd, 1, 40, MSG_MORE));
	SEE(run_send(run, other, 2, 40, MSG_MORE));
	SEE(close(fd));
	run->bed.fd = other;
	see_arrived(_metadata, run);
	SEE(run_send(run, other, 3, 40, 0));
	see_arrived(_metadata, run);
}

/* Reading has nothing to do with it, nor has an error. */
SCENARIO(pending, other_calls_leave_what_waits)
{
	int fd = run->bed.fd;

	SEE(run_send(run, fd, 1, 40, MSG_MORE));
	SEE(run_send(run, run->bed.peer, 2, 50, 0));
	SETTLE();
	see_poll(run, fd, POLLIN | POLLOUT);
	see_recv(run, fd, 100, MSG_DONTWAIT);
	SEE(set_option(fd, SOL_SOCKET, SO_SNDBUF, 10000));
	SEE(set_option(fd, SOL_IP, IP_TTL, 33));
	see_arrived(_metadata, run);
	SEE(run_send(run, fd, 3, 40, 0));
	see_arrived(_metadata, run);
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0
/* UDP_SEGMENT and UDP_GRO: many datagrams in one call, a record each. */
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/ioctl.h>
#include <linux/sockios.h>

#include "compare.h"

FIXTURE_COMPARE(segment)

enum {
	NO_CMSG = -1,
	ROOM = 1 << 16,
};

/* sendmsg() of @len marked bytes, with UDP_SEGMENT if it isn't NO_CMSG */
static ssize_t send_batch(struct run *run, int fd, size_t len, int segment,
			  int flags)
{
	static uint8_t text[1 << 17];
	ssize_t n;

	marked_text(text, len, (unsigned int)len);
	if (segment == NO_CMSG)
		n = send(fd, text, len, flags);
	else
		n = segments_send(fd, text, len, (uint16_t)segment, flags);
	run->texts += n >= (ssize_t)(MARKER_LEN * 4);
	return n;
}

/* What there is, to the last message. */
static void see_all(struct run *run, int fd)
{
	while (recv(fd, NULL, 0, MSG_PEEK | MSG_DONTWAIT) >= 0)
		see_recv(run, fd, ROOM, MSG_DONTWAIT);
	SEE(-1);
}

SCENARIO(segment, E3_one_call_sends_many_datagrams)
{
	static const size_t lengths[] = { 0, 1, 299, 300, 301, 600, 601, 19200 };

	SEE(set_option(run->bed.fd, SOL_UDP, UDP_SEGMENT, 300));
	see_option(run, run->bed.fd, SOL_UDP, UDP_SEGMENT);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		SEE(send_batch(run, run->bed.fd, lengths[i], NO_CMSG, 0));
		SETTLE();
		see_all(run, run->bed.peer);
	}
	SEE(set_option(run->bed.fd, SOL_UDP, UDP_SEGMENT, 0));
	SEE(send_batch(run, run->bed.fd, 601, NO_CMSG, 0));
	SETTLE();
	see_all(run, run->bed.peer);
}

SCENARIO(segment, E3_a_control_message_goes_before_the_option)
{
	static const int segments[] = { 0, 1, 100, 599, 600, 65535 };

	SEE(set_option(run->bed.fd, SOL_UDP, UDP_SEGMENT, 250));
	for (size_t i = 0; i < ARRAY_SIZE(segments); i++) {
		SEE_AS(send_batch(run, run->bed.fd, segments[i] == 1 ? 60 : 600,
				  segments[i], 0),
		       "segments of %d", segments[i]);
		SETTLE();
		see_all(run, run->bed.peer);
	}
}

SCENARIO(segment, options_are_checked)
{
	static const int values[] = { -1, 65536, 65535, 1, 0 };
	short value = 1;

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		SEE(set_option(run->bed.fd, SOL_UDP, UDP_SEGMENT, values[i]));
		see_option(run, run->bed.fd, SOL_UDP, UDP_SEGMENT);
	}
	SEE(setsockopt(run->bed.fd, SOL_UDP, UDP_SEGMENT, &value,
		       sizeof(value)));
	SEE(setsockopt(run->bed.fd, SOL_UDP, UDP_SEGMENT, NULL, sizeof(int)));
	for (int on = 2; on >= 0; on--) {
		SEE(set_option(run->bed.fd, SOL_UDP, UDP_GRO, on));
		see_option(run, run->bed.fd, SOL_UDP, UDP_GRO);
	}
}

SCENARIO(segment, E3_no_more_datagrams_than_udp_takes)
{
	/* Of some kernels 64, of newer ones 128. */
	static const size_t counts[] = { 63, 64, 65, 127, 128, 129 };

	SEE(set_option(run->bed.peer, SOL_UDP, UDP_GRO, 1));
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		SEE_AS(send_batch(run, run->bed.fd, counts[i] * 10, 10, 0),
		       "%zu datagrams", counts[i]);
		SETTLE();
		see_all(run, run->bed.peer);
	}
}

SCENARIO(segment, E3_one_call_receives_them_all)
{
	static const size_t lengths[] = { 1,    1200,  1201,  2400,
					  3000, 19200, 48000, 60000 };

	SEE(set_option(run->bed.peer, SOL_UDP, UDP_GRO, 1));
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		SEE(send_batch(run, run->bed.fd, lengths[i], 1200, 0));
		SEE(send_batch(run, run->bed.fd, 7, NO_CMSG, 0));
		SETTLE();
		see_all(run, run->bed.peer);
	}
}

SCENARIO(segment, E4_batch_is_peeked_at_and_cut)
{
	int fd = run->bed.peer, n = -1;

	SEE(set_option(fd, SOL_UDP, UDP_GRO, 1));
	SEE(send_batch(run, run->bed.fd, 5000, 1000, 0));
	SEE(send_batch(run, run->bed.fd, 5001, 1000, 0));
	SETTLE();
	SEE(ioctl(fd, SIOCINQ, &n));
	tell(run, "SIOCINQ: %d", n);
	see_recv(run, fd, ROOM, MSG_PEEK);
	see_recv(run, fd, 1500, MSG_PEEK);
	see_recv(run, fd, 1500, MSG_PEEK | MSG_TRUNC);
	see_recv(run, fd, 2500, 0);
	see_recv(run, fd, 10, MSG_TRUNC);
	see_poll(run, fd, POLLIN);
	SEE(ioctl(fd, SIOCINQ, &n));
	tell(run, "SIOCINQ: %d", n);
}

SCENARIO(segment, E3_control_messages_beside_the_batch)
{
	int fd = run->bed.peer;

	SEE(set_option(fd, SOL_UDP, UDP_GRO, 1));
	SEE(set_option(fd, SOL_SOCKET, SO_TIMESTAMP, 1));
	if (run->bed.family == BED_IPV4)
		SEE(set_option(fd, SOL_IP, IP_RECVTOS, 1));
	else
		SEE(set_option(fd, SOL_IPV6, IPV6_RECVPKTINFO, 1));
	SEE(send_batch(run, run->bed.fd, 5000, 1000, 0));
	SEE(send_batch(run, run->bed.fd, 500, NO_CMSG, 0));
	SETTLE();
	see_all(run, fd);
}

/* Who knows nothing of records has room for UDP's control message only. */
SCENARIO(segment, E3_room_for_the_length_and_nothing_else)
{
	static uint8_t text[5000];
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { text, sizeof(text) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};

	SEE(set_option(run->bed.peer, SOL_UDP, UDP_GRO, 1));
	SEE(send_batch(run, run->bed.fd, 5000, 1000, 0));
	SETTLE();
	see_message(run, &msg, recvmsg(run->bed.peer, &msg, MSG_DONTWAIT));
}

SCENARIO(segment, E3_parts_become_many_datagrams)
{
	SEE(set_option(run->bed.fd, SOL_UDP, UDP_SEGMENT, 300));
	SEE(send_batch(run, run->bed.fd, 500, NO_CMSG, MSG_MORE));
	SEE(send_batch(run, run->bed.fd, 0, NO_CMSG, MSG_MORE));
	SEE(send_batch(run, run->bed.fd, 500, NO_CMSG, 0));
	SEE(set_option(run->bed.fd, SOL_UDP, UDP_CORK, 1));
	SEE(send_batch(run, run->bed.fd, 400, NO_CMSG, 0));
	SEE(send_batch(run, run->bed.fd, 400, NO_CMSG, 0));
	SEE(set_option(run->bed.fd, SOL_UDP, UDP_CORK, 0));
	SETTLE();
	see_all(run, run->bed.peer);
}

SCENARIO(segment, E3_many_batches_in_one_call)
{
	char control[3][CMSG_SPACE(sizeof(uint16_t))] = {};
	struct mmsghdr msgs[3] = {};
	static uint8_t text[3000];
	struct iovec iov = { text, sizeof(text) };

	marked_text(text, sizeof(text), 1);
	for (size_t i = 0; i < ARRAY_SIZE(msgs); i++) {
		struct msghdr *msg = &msgs[i].msg_hdr;
		uint16_t segment = (uint16_t)(500 + 100 * i);
		struct cmsghdr *cmsg;

		*msg = (struct msghdr) {
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control[i],
			.msg_controllen = sizeof(control[i]),
		};
		cmsg = CMSG_FIRSTHDR(msg);
		*cmsg = (struct cmsghdr) {
			.cmsg_level = SOL_UDP,
			.cmsg_type = UDP_SEGMENT,
			.cmsg_len = CMSG_LEN(sizeof(segment)),
		};
		memcpy(CMSG_DATA(cmsg), &segment, sizeof(segment));
	}
	run->texts++;
	SEE(set_option(run->bed.peer, SOL_UDP, UDP_GRO, 1));
	SEE(sendmmsg(run->bed.fd, msgs, 3, 0));
	SETTLE();
	see_all(run, run->bed.peer);
}

SCENARIO(segment, E3_what_came_before_the_option_is_still_one)
{
	SEE(set_option(run->bed.peer, SOL_UDP, UDP_GRO, 1));
	SEE(send_batch(run, run->bed.fd, 3000, 1000, 0));
	SEE(set_option(run->bed.peer, SOL_UDP, UDP_SEGMENT, 1000));
	SEE(send_batch(run, run->bed.peer, 2500, NO_CMSG, 0));
	SETTLE();
	see_all(run, run->bed.peer);
	see_all(run, run->bed.fd);
}

TEST_HARNESS_MAIN

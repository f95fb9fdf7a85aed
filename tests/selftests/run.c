// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>

#include "run.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#endif

/* The counters of which an honest association moves none. */
static const char *const refused_counters[] = {
	"DtlsRxReplayed",  "DtlsRxTooOld", "DtlsRxBadTag", "DtlsRxWrongEpoch",
	"DtlsRxMalformed", "DtlsRxNoKey",  "DtlsRxError",
};

int run_begin(struct run *run, enum bed_family family, int keyed)
{
	memset(run, 0, sizeof(*run));
	run->keyed = keyed;
	if (bed_init(&run->bed, family,
		     cipher_by_type(TLS_CIPHER_AES_GCM_128)) ||
	    sniffer_open(&run->sniffer) || run_attach(run, run->bed.fd, 0, 0))
		return -1;
	return run_attach(run, run->bed.peer, 1, 0);
}

/*
 * Make a socket like those of the run: one end of an association of its own.
 * @side: 0 or 1, which of the two ends
 * @seq: the first number that it sends
 */
int run_attach_at(struct run *run, int fd, int side, unsigned int association,
		  uint64_t seq)
{
	const struct cipher *cipher = run->bed.tx.cipher;
	struct secret secrets[2];

	if (!run->keyed)
		return 0;
	secret_make(&secrets[0], cipher, association * 2 + 1);
	secret_make(&secrets[1], cipher, association * 2 + 2);
	if (dtls_attach_name(fd, DTLS_ULP_NAME, sizeof(DTLS_ULP_NAME)) ||
	    dtls_key(fd, TLS_TX, &secrets[side], 1, seq) ||
	    dtls_key(fd, TLS_RX, &secrets[!side], 1, 0))
		return -1;
	return sniffer_watch(&run->sniffer, fd);
}

int run_attach(struct run *run, int fd, int side, unsigned int association)
{
	return run_attach_at(run, fd, side, association, 0);
}

/* Nobody is there any more. */
void run_close_peer(struct run *run)
{
	close(run->bed.peer);
	run->bed.peer = -1;
}

int run_end(struct run *run)
{
	if (bed_settle(&run->bed) || sniffer_drain(&run->sniffer))
		return -1;
	close(run->bed.fd);
	if (run->bed.peer >= 0)
		close(run->bed.peer);
	close(run->bed.barrier);
	return close(run->sniffer.fd);
}

static uint64_t count_refused(void)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < ARRAY_SIZE(refused_counters); i++)
		sum += (uint64_t)dtls_net_stat(refused_counters[i]);
	return sum;
}

/* Return: NULL, or what was wrong on the wire, or with what came from there. */
const char *run_problem(const struct run *run)
{
	static _Thread_local char text[256];
	const struct sniffer *sniffer = &run->sniffer;
	uint64_t refused = run->keyed ? count_refused() : 0;

	text[0] = 0;
	if (!run->keyed && run->texts && !sniffer->marked)
		return "the sniffer is blind";
	if (run->keyed && sniffer->marked)
		snprintf(text, sizeof(text), "plaintext in %lu of %lu frames",
			 sniffer->marked, sniffer->frames);
	else if (sniffer->problem[0])
		snprintf(text, sizeof(text), "%s", sniffer->problem);
	else if (run->keyed && run->texts && !sniffer->datagrams)
		return "no record was sent";
	else if (refused != run->refused)
		snprintf(text, sizeof(text), "%llu records refused, not %llu",
			 (unsigned long long)refused,
			 (unsigned long long)run->refused);
	return text[0] ? text : NULL;
}

/* Content that the sniffer knows. */
ssize_t run_send(struct run *run, int fd, unsigned int id, size_t len, int flags)
{
	static _Thread_local uint8_t text[1 << 17];
	ssize_t n;

	marked_text(text, len, id);
	n = send(fd, text, len, flags);
	run->texts += n >= (ssize_t)MARKER_LEN;
	return n;
}

/* What each datagram has beside the content. */
size_t run_overhead(const struct run *run)
{
	return run->keyed ? cipher_overhead(run->bed.tx.cipher) : 0;
}

static int is_expected(const struct difference *differences, int *used,
		       const char *plain, const char *keyed)
{
	if (!differences)
		return 0;
	for (size_t i = 0; differences[i].plain; i++) {
		if (strcmp(differences[i].plain, plain) ||
		    strcmp(differences[i].keyed, keyed))
			continue;
		used[i] = 1;
		return 1;
	}
	return 0;
}

static const char *line_of(const struct run *run, unsigned int i)
{
	return i < run->line_count ? run->lines[i] : "nothing more";
}

/* Return: NULL, or where the runs differ as no difference says, or the reverse. */
const char *run_mismatch(const struct run *plain, const struct run *keyed,
			 const struct difference *differences)
{
	static char text[RUN_LINE * 3];
	int used[64] = {};

	for (unsigned int i = 0; i < plain->line_count || i < keyed->line_count;
	     i++) {
		const char *one = line_of(plain, i), *other = line_of(keyed, i);

		if (!strcmp(one, other) ||
		    is_expected(differences, used, one, other))
			continue;
		snprintf(text, sizeof(text),
			 "after \"%s\": plain UDP: %s; with keys: %s",
			 i ? line_of(keyed, i - 1) : "", one, other);
		return text;
	}
	for (size_t i = 0; differences && differences[i].plain; i++) {
		if (used[i] ||
		    (differences[i].families &&
		     !(differences[i].families & 1U << plain->bed.family)))
			continue;
		snprintf(text, sizeof(text),
			 "no longer so: plain UDP: %s; with keys: %s",
			 differences[i].plain, differences[i].keyed);
		return text;
	}
	return NULL;
}

static void tell_va(struct run *run, const char *tail, const char *format,
		    va_list args)
{
	char *line = run->lines[run->line_count];
	size_t len;

	if (run->line_count == RUN_LINES)
		abort();
	run->line_count++;
	len = (size_t)vsnprintf(line, RUN_LINE, format, args);
	if (len < RUN_LINE)
		snprintf(line + len, RUN_LINE - len, "%s", tail);
}

/* One line of what the scenario saw. */
void tell(struct run *run, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell_va(run, "", format, args);
	va_end(args);
}

/* What a call returned; if less than 0, then with errno. */
void see(struct run *run, long value, const char *format, ...)
{
	char tail[64];
	va_list args;

	if (value < 0)
		snprintf(tail, sizeof(tail), " = %s", strerrorname_np(errno));
	else
		snprintf(tail, sizeof(tail), " = %ld", value);
	va_start(args, format);
	tell_va(run, tail, format, args);
	va_end(args);
}

/* @len: what a call gave; less than 0: nothing */
void see_text(struct run *run, const void *text, ssize_t len)
{
	const uint8_t *bytes = text;
	uint32_t hash = 2166136261U;

	for (ssize_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * 16777619U;
	tell(run, "text of %zd bytes, %08x", len, hash);
}

static int is_address_of(int fd, const struct sockaddr_storage *addr,
			 socklen_t len)
{
	struct sockaddr_storage own;
	socklen_t own_len = sizeof(own);

	memset(&own, 0, sizeof(own));
	return !getsockname(fd, (struct sockaddr *)&own, &own_len) &&
	       own_len == len && !memcmp(&own, addr, len);
}

/* Ports differ from run to run. */
static void tell_address(struct run *run, const char *what, const void *addr,
			 socklen_t len)
{
	struct sockaddr_storage copy = {};
	char text[INET6_ADDRSTRLEN] = "";
	const struct sockaddr_in *in = (const struct sockaddr_in *)&copy;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&copy;
	const char *whose = "another's";

	memcpy(&copy, addr, len < sizeof(copy) ? len : sizeof(copy));
	if (is_address_of(run->bed.fd, &copy, len))
		whose = "fd's";
	else if (is_address_of(run->bed.peer, &copy, len))
		whose = "the peer's";
	else if (!in->sin_port)
		whose = "no port";
	if (copy.ss_family == AF_INET)
		inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
	else if (copy.ss_family == AF_INET6)
		inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
	tell(run, "%s: family %d, %s, %s", what, copy.ss_family, text, whose);
}

static void tell_error(struct run *run, const struct cmsghdr *cmsg)
{
	struct sock_extended_err err;
	size_t len = cmsg->cmsg_len - CMSG_LEN(sizeof(err));

	memcpy(&err, CMSG_DATA(cmsg), sizeof(err));
	tell(run, "error %s, origin %u, type %u, code %u, info %u, data %u",
	     err.ee_errno ? strerrorname_np((int)err.ee_errno) : "0",
	     err.ee_origin, err.ee_type, err.ee_code, err.ee_info, err.ee_data);
	if (len >= sizeof(struct sockaddr_in))
		tell_address(run, "offender", CMSG_DATA(cmsg) + sizeof(err),
			     (socklen_t)len);
}

/* Times differ from run to run. */
static void tell_times(struct run *run, const struct cmsghdr *cmsg)
{
	uint64_t words[6] = {};
	size_t len = cmsg->cmsg_len - CMSG_LEN(0);
	char set[8] = "";

	memcpy(words, CMSG_DATA(cmsg),
	       len < sizeof(words) ? len : sizeof(words));
	for (size_t i = 0; i < 3; i++)
		set[i] = words[i * 2] ? 'x' : '.';
	tell(run, "times: type %d, %zu bytes, %s", cmsg->cmsg_type, len, set);
}

static void tell_bytes(struct run *run, const struct cmsghdr *cmsg)
{
	size_t len = cmsg->cmsg_len - CMSG_LEN(0);
	char text[RUN_LINE] = "";

	for (size_t i = 0; i < len && i < sizeof(text) / 2 - 1; i++)
		snprintf(text + 2 * i, 3, "%02x", CMSG_DATA(cmsg)[i]);
	tell(run, "control message %d/%d, %zu bytes: %s", cmsg->cmsg_level,
	     cmsg->cmsg_type, len, text);
}

static int is_of(const struct cmsghdr *cmsg, int level, int type)
{
	return cmsg->cmsg_level == level && cmsg->cmsg_type == type;
}

static void tell_cmsg(struct run *run, const struct cmsghdr *cmsg)
{
	if (is_of(cmsg, SOL_SOCKET, SO_TIMESTAMP) ||
	    is_of(cmsg, SOL_SOCKET, SO_TIMESTAMPNS) ||
	    is_of(cmsg, SOL_SOCKET, SO_TIMESTAMPING))
		tell_times(run, cmsg);
	else if (is_of(cmsg, SOL_IP, IP_RECVERR) ||
		 is_of(cmsg, SOL_IPV6, IPV6_RECVERR))
		tell_error(run, cmsg);
	else if (is_of(cmsg, SOL_IP, IP_ORIGDSTADDR) ||
		 is_of(cmsg, SOL_IPV6, IPV6_ORIGDSTADDR))
		tell_address(run, "destination", CMSG_DATA(cmsg),
			     (socklen_t)(cmsg->cmsg_len - CMSG_LEN(0)));
	else
		tell_bytes(run, cmsg);
}

/*
 * The record's type is what an association's reader is told beside what UDP
 * tells him; that and nothing else is left out, where it's right.
 */
static int is_data_type(const struct run *run, const struct cmsghdr *cmsg)
{
	return run->keyed && is_of(cmsg, SOL_TLS, TLS_GET_RECORD_TYPE) &&
	       cmsg->cmsg_len == CMSG_LEN(1) && *CMSG_DATA(cmsg) == RECORD_DATA;
}

/* @n: what recvmsg() returned, with errno still of that */
void see_message(struct run *run, struct msghdr *msg, ssize_t n)
{
	/* What comes back from the wire is there as it was sent. */
	if (n > 0 && msg->msg_flags & MSG_ERRQUEUE &&
	    !(msg->msg_flags & MSG_TRUNC))
		n -= (ssize_t)run_overhead(run);
	see(run, n, "message");
	if (n < 0)
		return;
	tell(run, "flags %#x", msg->msg_flags);
	if (msg->msg_name)
		tell_address(run, "address", msg->msg_name, msg->msg_namelen);
	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg); cmsg;
	     cmsg = CMSG_NXTHDR(msg, cmsg))
		if (!is_data_type(run, cmsg))
			tell_cmsg(run, cmsg);
}

/* recvmsg() with room for everything that may come beside the content. */
void see_recv(struct run *run, int fd, size_t len, int flags)
{
	static uint8_t text[1 << 17];
	struct sockaddr_storage addr = {};
	char control[1024];
	struct iovec iov = { text, len };
	struct msghdr msg = {
		.msg_name = &addr,
		.msg_namelen = sizeof(addr),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n;

	errno = 0;
	n = recvmsg(fd, &msg, flags);
	see_message(run, &msg, n);
	if (n < 0)
		return;
	if (!(msg.msg_flags & MSG_ERRQUEUE))
		see_text(run, text, n < (ssize_t)len ? n : (ssize_t)len);
	else if (run->keyed && memmem(text, (size_t)n, MARKER, MARKER_LEN))
		tell(run, "plaintext came back from the wire");
}

void see_poll(struct run *run, int fd, short events)
{
	struct pollfd pfd = { .fd = fd, .events = events };
	int n = poll(&pfd, 1, 0);

	see(run, n, "poll() for %#x: %#x", events, pfd.revents);
}

void see_option(struct run *run, int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);
	int err;

	errno = 0;
	err = getsockopt(fd, level, name, &value, &len);
	see(run, err, "option %d/%d: %d of %u bytes", level, name, value, len);
}

int set_option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value));
}

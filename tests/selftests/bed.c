// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>

#include "bed.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#endif

/* Sockets that were attached in this namespace, for dtls_net_mismatch(). */
static int attached[64];
static unsigned int attached_count;
static struct dtls_stats closed;

/* The members of struct dtls_stats by their names in /proc/net/dtls_stat. */
static const struct {
	const char *name;
	size_t offset;
} counters[] = {
	{ "DtlsRxDelivered", offsetof(struct dtls_stats, rx_delivered) },
	{ "DtlsRxReplayed", offsetof(struct dtls_stats, rx_replayed) },
	{ "DtlsRxTooOld", offsetof(struct dtls_stats, rx_too_old) },
	{ "DtlsRxBadTag", offsetof(struct dtls_stats, rx_bad_tag) },
	{ "DtlsRxWrongEpoch", offsetof(struct dtls_stats, rx_wrong_epoch) },
	{ "DtlsRxMalformed", offsetof(struct dtls_stats, rx_malformed) },
	{ "DtlsRxNoKey", offsetof(struct dtls_stats, rx_no_key) },
	{ "DtlsRxError", offsetof(struct dtls_stats, rx_error) },
	{ "DtlsTxRecords", offsetof(struct dtls_stats, tx_records) },
	{ "DtlsTxError", offsetof(struct dtls_stats, tx_error) },
	{ "DtlsRxWrongCid", offsetof(struct dtls_stats, rx_wrong_cid) },
	{ "DtlsRxExpired", offsetof(struct dtls_stats, rx_expired) },
	{ "DtlsRxEpoch0", offsetof(struct dtls_stats, rx_epoch0) },
	{ "DtlsRxDevice", offsetof(struct dtls_stats, rx_device) },
	{ "DtlsRxWrongMark", offsetof(struct dtls_stats, rx_wrong_mark) },
	{ "DtlsTxDevice", offsetof(struct dtls_stats, tx_device) },
	{ "DtlsTxFallback", offsetof(struct dtls_stats, tx_fallback) },
	{ "DtlsTxDeviceDrop", offsetof(struct dtls_stats, tx_device_drop) },
};

static uint64_t counter(const struct dtls_stats *stats, size_t i)
{
	return *(const uint64_t *)((const char *)stats + counters[i].offset);
}

int bed_loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int err = ioctl(fd, SIOCSIFFLAGS, &ifr);

	close(fd);
	return err;
}

int bed_loopback_mtu(int mtu)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_mtu = mtu };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int err = ioctl(fd, SIOCSIFMTU, &ifr);

	close(fd);
	return err;
}

int bed_netns(void)
{
	if (unshare(CLONE_NEWNET))
		return -1;
	return bed_loopback_up();
}

/*
 * What one CPU sends over loopback arrives in the order sent: bed_settle()
 * rests on that.
 */
int bed_pin_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

/* For tests that race. */
int bed_unpin_cpu(void)
{
	cpu_set_t set;

	memset(&set, 0xff, sizeof(set));
	return sched_setaffinity(0, sizeof(set), &set);
}

int bed_socket(enum bed_family family, int type, int protocol)
{
	return socket(family == BED_IPV4 ? AF_INET : AF_INET6, type, protocol);
}

static int bind_port(int fd, enum bed_family family, uint16_t port)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct sockaddr_in6 in6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};

	if (family == BED_IPV4)
		return bind(fd, (struct sockaddr *)&in, sizeof(in));
	if (family == BED_MAPPED &&
	    inet_pton(AF_INET6, "::ffff:127.0.0.1", &in6.sin6_addr) != 1)
		return -1;
	return bind(fd, (struct sockaddr *)&in6, sizeof(in6));
}

/* To a port of the kernel's choice on the loopback address. */
int bed_bind(int fd, enum bed_family family)
{
	return bind_port(fd, family, 0);
}

/* @to: a socket, whose own address is connected to. */
int bed_connect(int fd, int to)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);

	if (getsockname(to, (struct sockaddr *)&addr, &len))
		return -1;
	return connect(fd, (struct sockaddr *)&addr, len);
}

/* Two UDP sockets connected to each other. */
int bed_pair(enum bed_family family, int fd[2])
{
	fd[0] = bed_socket(family, SOCK_DGRAM, 0);
	fd[1] = bed_socket(family, SOCK_DGRAM, 0);
	if (fd[0] < 0 || fd[1] < 0 || bed_bind(fd[0], family) ||
	    bed_bind(fd[1], family) || bed_connect(fd[0], fd[1]))
		return -1;
	return bed_connect(fd[1], fd[0]);
}

/* No datagram of a test may be lost for want of room. */
int bed_room(int fd)
{
	int room = 8 << 20;

	return setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
}

/* The socket under test is connected, but not attached. */
int bed_init(struct bed *bed, enum bed_family family,
	     const struct cipher *cipher)
{
	int fd[2];

	bed->family = family;
	secret_make(&bed->tx, cipher, 1);
	secret_make(&bed->rx, cipher, 2);
	if (bed_netns() || bed_pin_cpu() || bed_pair(family, fd))
		return -1;
	bed->fd = fd[0];
	bed->peer = fd[1];
	bed->barrier = bed_socket(family, SOCK_DGRAM, 0);
	if (bed->barrier < 0 ||
	    bind_port(bed->barrier, family, BED_PLAIN_PORT) ||
	    bed_connect(bed->barrier, bed->barrier))
		return -1;
	if (bed_room(bed->fd))
		return -1;
	return bed_room(bed->peer);
}

/* Return when all that was sent before stands in its socket's queue. */
int bed_settle(const struct bed *bed)
{
	char byte = 0;

	if (send(bed->barrier, &byte, 1, 0) != 1)
		return -1;
	return recv(bed->barrier, &byte, 1, 0) == 1 ? 0 : -1;
}

/* Put a datagram into the queue of the socket under test. */
int bed_inject(const struct bed *bed, const void *datagram, size_t len)
{
	if (send(bed->peer, datagram, len, 0) != (ssize_t)len)
		return -1;
	return bed_settle(bed);
}

/* As dtls.rst says: first as a kernel with UDP_ULP takes it, then a module. */
int dtls_attach_name(int fd, const char *name, socklen_t len)
{
	int domain, err;
	socklen_t domain_len = sizeof(domain);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_len))
		return -1;
	err = setsockopt(fd, IPPROTO_UDP, UDP_ULP, name, len);
	if (err)
		err = setsockopt(fd, domain == AF_INET ? SOL_IP : SOL_IPV6,
				 DTLS_SO_ULP, name, len);
	return err;
}

int dtls_attach(int fd)
{
	int err = dtls_attach_name(fd, DTLS_ULP_NAME, sizeof(DTLS_ULP_NAME));

	if (!err && attached_count < ARRAY_SIZE(attached))
		attached[attached_count++] = fd;
	return err;
}

#define FILL(member, iv_member)                                       \
	(memcpy(ci->member.key, secret->key, sizeof(ci->member.key)), \
	 memcpy(ci->member.iv_member, secret->iv,                     \
		sizeof(ci->member.iv_member)),                        \
	 memcpy(ci->member.rec_seq, &number, sizeof(number)),         \
	 sizeof(ci->member))

/* Return: the length of the cipher's structure. */
size_t dtls_crypto_info(union crypto_info *ci, const struct secret *secret,
			uint16_t epoch, uint64_t seq)
{
	uint64_t number = htobe64((uint64_t)epoch << 48 | seq);

	memset(ci, 0, sizeof(*ci));
	ci->info.version = DTLS_1_2_VERSION;
	ci->info.cipher_type = secret->cipher->type;
	switch (secret->cipher->type) {
	case TLS_CIPHER_AES_GCM_128:
		return FILL(aes_gcm_128, salt);
	case TLS_CIPHER_AES_GCM_256:
		return FILL(aes_gcm_256, salt);
	case TLS_CIPHER_AES_CCM_128:
		return FILL(aes_ccm_128, salt);
	case DTLS_CIPHER_AES_CCM_256:
		return FILL(aes_ccm_256, salt);
	case DTLS_CIPHER_AES_CCM_8_128:
		return FILL(aes_ccm_8_128, salt);
	case DTLS_CIPHER_AES_CCM_8_256:
		return FILL(aes_ccm_8_256, salt);
	default:
		return FILL(chacha20_poly1305, iv);
	}
}

/* @direction: TLS_TX or TLS_RX. */
int dtls_key(int fd, int direction, const struct secret *secret, uint16_t epoch,
	     uint64_t seq)
{
	union crypto_info ci;
	size_t len = dtls_crypto_info(&ci, secret, epoch, seq);

	return setsockopt(fd, SOL_TLS, direction, &ci, (socklen_t)len);
}

/* The first two members: the others stay as they are. */
int dtls_params(int fd, uint32_t window_bits, uint32_t flags)
{
	struct dtls_params params = {
		.window_bits = window_bits,
		.flags = flags,
	};

	return setsockopt(fd, SOL_TLS, DTLS_PARAMS, &params,
			  offsetof(struct dtls_params, rx_epochs));
}

/* @ms: how long an epoch is held after the next one's key came; 0: for good */
int dtls_rx_epochs(int fd, uint32_t epochs, uint32_t ms)
{
	struct dtls_params params;
	socklen_t len = offsetof(struct dtls_params, tx_pad);

	if (getsockopt(fd, SOL_TLS, DTLS_PARAMS, &params, &len))
		return -1;
	params.rx_epochs = epochs;
	params.rx_epoch_ms = ms;
	return setsockopt(fd, SOL_TLS, DTLS_PARAMS, &params, len);
}

int dtls_window_bits(int fd, uint32_t bits)
{
	return dtls_params(fd, bits, 0);
}

int dtls_flags(int fd, uint32_t flags)
{
	return dtls_params(fd, DTLS_WINDOW_DEFAULT, flags);
}

/* Before a key of @cipher, if it must be allowed. */
int dtls_allow(int fd, const struct cipher *cipher)
{
	return dtls_flags(fd, DTLS_PARAM_SOFT_LIMITS |
				      (cipher_has_short_tag(cipher) ?
					       DTLS_PARAM_CCM_8 :
					       0));
}

static int set_word(int fd, int name, uint32_t value)
{
	return setsockopt(fd, SOL_TLS, name, &value, sizeof(value));
}

/* @flags: DTLS_RECV_* */
int dtls_recv_flags(int fd, uint32_t flags)
{
	return set_word(fd, DTLS_RECV, flags);
}

int dtls_drop_epoch(int fd, uint32_t epoch)
{
	return set_word(fd, DTLS_DROP_EPOCH, epoch);
}

/* @how: DTLS_DETACH_* */
int dtls_detach(int fd, uint32_t how)
{
	return set_word(fd, DTLS_DETACH, how);
}

/* The connection IDs that the secrets of the two directions carry. */
int dtls_cid(int fd, const struct secret *tx, const struct secret *rx)
{
	struct dtls_cid cid = {
		.tx_len = (uint8_t)tx->cid_len,
		.rx_len = (uint8_t)rx->cid_len,
	};

	memcpy(cid.tx, tx->cid, tx->cid_len);
	memcpy(cid.rx, rx->cid, rx->cid_len);
	return setsockopt(fd, SOL_TLS, DTLS_CID, &cid, sizeof(cid));
}

int dtls_limits(int fd, const struct dtls_limits *limits)
{
	return setsockopt(fd, SOL_TLS, DTLS_LIMITS, limits, sizeof(*limits));
}

/* @state: gets all of it, in a buffer that was full of ones */
int dtls_state(int fd, int direction, uint16_t epoch, uint8_t flags,
	       struct dtls_state *state)
{
	socklen_t len = sizeof(*state);

	memset(state, 0xff, sizeof(*state));
	state->direction = (uint8_t)direction;
	state->epoch = epoch;
	state->flags = flags;
	return getsockopt(fd, SOL_TLS, DTLS_STATE, state, &len);
}

int dtls_stats(int fd, struct dtls_stats *stats)
{
	socklen_t len = sizeof(*stats);

	return getsockopt(fd, SOL_TLS, DTLS_STATS, stats, &len);
}

int dtls_info(int fd, struct dtls_info *info)
{
	socklen_t len = sizeof(*info);

	return getsockopt(fd, SOL_TLS, DTLS_INFO, info, &len);
}

static void stats_add(struct dtls_stats *sum, const struct dtls_stats *stats)
{
	uint64_t *to = (uint64_t *)sum;
	const uint64_t *from = (const uint64_t *)stats;

	for (size_t i = 0; i < sizeof(*sum) / sizeof(*to); i++)
		to[i] += from[i];
}

/* Close a socket whose counters stay in those of the namespace. */
int dtls_close(int fd)
{
	struct dtls_stats stats;

	for (unsigned int i = 0; i < attached_count; i++) {
		if (attached[i] != fd)
			continue;
		if (dtls_stats(fd, &stats))
			return -1;
		stats_add(&closed, &stats);
		attached[i] = attached[--attached_count];
		break;
	}
	return close(fd);
}

/* Lines of /proc/net/dtls_stat: call @line for each. */
static int net_stat_read(void (*line)(const char *name, long long value,
				      void *arg),
			 void *arg)
{
	FILE *file = fopen("/proc/thread-self/net/dtls_stat", "r");
	long long value;
	char name[64];

	if (!file)
		return -1;
	while (fscanf(file, "%63s %lld", name, &value) == 2)
		line(name, value, arg);
	fclose(file);
	return 0;
}

struct net_stat {
	const char *name;
	long long value;
};

static void net_stat_match(const char *name, long long value, void *arg)
{
	struct net_stat *stat = arg;

	if (!strcmp(name, stat->name))
		stat->value = value;
}

/* Return: what /proc/net/dtls_stat says under @name; -1 if nothing. */
long long dtls_net_stat(const char *name)
{
	struct net_stat stat = { .name = name, .value = -1 };

	net_stat_read(net_stat_match, &stat);
	return stat.value;
}

static void net_stat_store(const char *name, long long value, void *arg)
{
	long long *values = arg;

	for (size_t i = 0; i < ARRAY_SIZE(counters); i++)
		if (!strcmp(name, counters[i].name))
			values[i] = value;
}

/*
 * Return: NULL if the namespace's counters are the sum of those of the sockets
 * attached with dtls_attach(), else what differs.
 */
const char *dtls_net_mismatch(void)
{
	static char text[128];
	struct dtls_stats sum = closed, stats;
	long long values[ARRAY_SIZE(counters)];

	for (unsigned int i = 0; i < attached_count; i++) {
		if (dtls_stats(attached[i], &stats))
			return "no statistics of a socket";
		stats_add(&sum, &stats);
	}
	memset(values, -1, sizeof(values));
	if (net_stat_read(net_stat_store, values))
		return "no /proc/net/dtls_stat";
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
		if (values[i] == (long long)counter(&sum, i))
			continue;
		snprintf(text, sizeof(text),
			 "%s is %lld, its sockets have %llu", counters[i].name,
			 values[i], (unsigned long long)counter(&sum, i));
		return text;
	}
	return NULL;
}

/* Return: NULL if they are the same, else what differs. */
const char *dtls_stats_mismatch(const struct dtls_stats *expected,
				const struct dtls_stats *seen)
{
	static char text[512];
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
		if (counter(expected, i) == counter(seen, i))
			continue;
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"%s is %llu, not %llu; ",
					counters[i].name,
					(unsigned long long)counter(seen, i),
					(unsigned long long)counter(expected,
								    i));
	}
	return len ? text : NULL;
}

/* To the module; -1 if it is not there. */
int dtls_references(void)
{
	FILE *file = fopen("/sys/module/dtls/refcnt", "r");
	int count = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%d", &count) != 1)
		count = -1;
	fclose(file);
	return count;
}

/*
 * The last reference is dropped from a work item, a grace period after the last
 * close: wait for the count, which is what rmmod looks at. Return: the count.
 */
int dtls_wait_for_no_reference(void)
{
	time_t end = time(NULL) + 20;

	while (dtls_references() > 0 && time(NULL) < end)
		sched_yield();
	return dtls_references();
}

/* @type: of the record; -1: sent without a control message. */
ssize_t msg_send(int fd, int type, const void *content, size_t len, int flags)
{
	char control[CMSG_SPACE(sizeof(uint8_t))] = {};
	struct iovec iov = { (void *)content, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg = (struct cmsghdr *)control;

	if (type >= 0) {
		cmsg->cmsg_level = SOL_TLS;
		cmsg->cmsg_type = TLS_SET_RECORD_TYPE;
		cmsg->cmsg_len = CMSG_LEN(sizeof(uint8_t));
		*CMSG_DATA(cmsg) = (uint8_t)type;
		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
	}
	return sendmsg(fd, &msg, flags);
}

/*
 * @type: gets the record's type; -1: none came
 * @flags: as recvmsg() takes them, and afterwards those of the message
 */
ssize_t msg_recv(int fd, int *type, void *content, size_t len, int *flags)
{
	char control[CMSG_SPACE(sizeof(uint8_t))];
	struct iovec iov = { content, len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(fd, &msg, *flags);
	struct cmsghdr *cmsg = n < 0 ? NULL : CMSG_FIRSTHDR(&msg);

	*flags = msg.msg_flags;
	*type = -1;
	if (cmsg && cmsg->cmsg_level == SOL_TLS &&
	    cmsg->cmsg_type == TLS_GET_RECORD_TYPE)
		*type = *CMSG_DATA(cmsg);
	return n;
}

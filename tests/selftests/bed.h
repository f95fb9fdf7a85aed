/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What each test stands on: a network namespace of its own, whose counters
 * begin at zero, a UDP socket to attach, and its peer, a plain one.
 */
#ifndef SELFTESTS_BED_H
#define SELFTESTS_BED_H

#include <stdint.h>
#include <sys/socket.h>

#include <linux/dtls.h>
#include <linux/tls.h>

#include "record.h"

enum bed_family {
	BED_IPV4,
	BED_IPV6,
	BED_MAPPED, /* an AF_INET6 socket that talks IPv4 */
};

/*
 * Where the tests' own datagrams come from, which are no records: a port that
 * the kernel never chooses. A sniffer knows sockets by their ports, and the
 * ports of two namespaces, or of two addresses, can be the same.
 */
#define BED_PLAIN_PORT 9

struct bed {
	enum bed_family family;
	int fd;               /* the socket under test */
	int peer;             /* a plain UDP socket connected to it */
	int barrier;          /* a plain UDP socket connected to itself */
	struct secret tx, rx; /* of @fd */
};

/* A crypto_info of any cipher. */
union crypto_info {
	struct tls_crypto_info info;
	struct tls12_crypto_info_aes_gcm_128 aes_gcm_128;
	struct tls12_crypto_info_aes_gcm_256 aes_gcm_256;
	struct tls12_crypto_info_chacha20_poly1305 chacha20_poly1305;
	struct tls12_crypto_info_aes_ccm_128 aes_ccm_128;
	struct dtls12_crypto_info_aes_ccm_256 aes_ccm_256;
	struct dtls12_crypto_info_aes_ccm_8_128 aes_ccm_8_128;
	struct dtls12_crypto_info_aes_ccm_8_256 aes_ccm_8_256;
	uint8_t bytes[64];
};

/* Functions return -1 with errno set, as system calls do, unless they say. */
int bed_init(struct bed *bed, enum bed_family family,
	     const struct cipher *cipher);
int bed_netns(void);
int bed_loopback_up(void);
int bed_loopback_mtu(int mtu);
int bed_pin_cpu(void);
int bed_unpin_cpu(void);
int bed_socket(enum bed_family family, int type, int protocol);
int bed_bind(int fd, enum bed_family family);
int bed_connect(int fd, int to);
int bed_pair(enum bed_family family, int fd[2]);
int bed_room(int fd);
int bed_inject(const struct bed *bed, const void *datagram, size_t len);
int bed_settle(const struct bed *bed);

int dtls_attach_name(int fd, const char *name, socklen_t len);
int dtls_attach(int fd);
size_t dtls_crypto_info(union crypto_info *ci, const struct secret *secret,
			uint16_t epoch, uint64_t seq);
int dtls_key(int fd, int direction, const struct secret *secret, uint16_t epoch,
	     uint64_t seq);
int dtls_params(int fd, uint32_t window_bits, uint32_t flags);
int dtls_rx_epochs(int fd, uint32_t epochs, uint32_t ms);
int dtls_window_bits(int fd, uint32_t bits);
int dtls_flags(int fd, uint32_t flags);
int dtls_allow(int fd, const struct cipher *cipher);
int dtls_cid(int fd, const struct secret *tx, const struct secret *rx);
int dtls_recv_flags(int fd, uint32_t flags);
int dtls_drop_epoch(int fd, uint32_t epoch);
int dtls_detach(int fd, uint32_t how);
int dtls_limits(int fd, const struct dtls_limits *limits);
int dtls_state(int fd, int direction, uint16_t epoch, uint8_t flags,
	       struct dtls_state *state);
int dtls_stats(int fd, struct dtls_stats *stats);
int dtls_info(int fd, struct dtls_info *info);
int dtls_close(int fd);
int dtls_references(void);
int dtls_wait_for_no_reference(void);
long long dtls_net_stat(const char *name);
const char *dtls_net_mismatch(void);
const char *dtls_stats_mismatch(const struct dtls_stats *expected,
				const struct dtls_stats *seen);

ssize_t msg_send(int fd, int type, const void *content, size_t len, int flags);
ssize_t msg_recv(int fd, int *type, void *content, size_t len, int *flags);

#endif /* SELFTESTS_BED_H */

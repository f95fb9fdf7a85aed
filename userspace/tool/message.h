/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What the module's netlink messages say (linux/dtls_netlink.h). */
#ifndef KDTLS_TOOL_MESSAGE_H
#define KDTLS_TOOL_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/dtls.h>
#include <linux/dtls_netlink.h>

/**
 * struct key_state - struct dtls_state as far as netlink tells it
 * @epoch: its epoch
 * @window_bits: RX: width of the replay window
 * @next: TX: number of the next record; RX: the highest one received, plus one
 * @records: sealed, or delivered
 * @failures: RX: records that failed to authenticate
 * @limit: where the key ends: numbers (TX) or failures (RX)
 * @warn: where the event before that comes
 */
struct key_state {
	uint16_t epoch;
	uint32_t window_bits;
	uint64_t next;
	uint64_t records;
	uint64_t failures;
	uint64_t limit;
	uint64_t warn;
};

struct socket_address {
	uint8_t bytes[16];
	uint16_t port;
};

/**
 * struct diag_socket - an attached socket
 * @cookie: as ss -e has it
 * @inode: as /proc/PID/fd has it
 * @uid: its owner
 * @family: AF_INET or AF_INET6
 * @local: its own address
 * @peer: whom it's connected to
 * @device: index of the one that it's bound to; 0: to none
 * @info: ciphers, epochs, who encrypts
 * @stats: counters
 * @has_tx: has it a sending key?
 * @rx_count: receiving epochs
 * @tx: the sending key
 * @rx: the receiving ones, the newest first
 */
struct diag_socket {
	uint64_t cookie;
	uint32_t inode;
	uint32_t uid;
	uint16_t family;
	struct socket_address local;
	struct socket_address peer;
	uint32_t device;
	struct dtls_info info;
	struct dtls_stats stats;
	bool has_tx;
	unsigned int rx_count;
	struct key_state tx;
	struct key_state rx[DTLS_RX_EPOCHS_MAX];
};

/*
 * From the attributes of a message. What this tool doesn't know is passed over.
 * 0; -EBADMSG: the attributes are cut, or shorter than what they tell.
 */
int message_socket(struct diag_socket *s, const void *attributes, size_t len);

/* Calls @each with each attribute; the first that's not 0 ends it. */
int message_attributes(const void *attributes, size_t len,
		       int (*each)(void *data, unsigned int type,
				   const void *value, size_t len),
		       void *data);

#endif

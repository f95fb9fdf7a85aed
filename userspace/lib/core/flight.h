/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The last flight of a handshake. Whoever sent it doesn't learn whether it
 * arrived: a peer that misses it repeats its own Finished, for as long as two
 * minutes' segment lifetimes, and is to be sent it again (RFC 6347, 4.2.4).
 */
#ifndef KDTLS_CORE_FLIGHT_H
#define KDTLS_CORE_FLIGHT_H

#include "buffer.h"
#include "record.h"

/* A handshake message of TLS with its header, without fragmentation. */
#define KDTLS_FINISHED_LEN 24

/**
 * struct kdtls_flight - zeroed it's none
 * @clear: its unprotected records: NewSessionTicket if there was one, and
 *	ChangeCipherSpec
 * @finished: its Finished, a handshake message
 * @is_whole: the Finished is there, without which the rest is of no use
 * @next_seq: the next number in epoch 0
 * @until_ms: when nobody waits for it any more
 * @after_ms: when it may be repeated again
 */
struct kdtls_flight {
	struct kdtls_buffer clear;
	uint8_t finished[KDTLS_FINISHED_LEN];
	bool is_whole;
	uint64_t next_seq;
	uint64_t until_ms;
	uint64_t after_ms;
};

/**
 * kdtls_flight_collect() - keep what belongs to the flight
 * @flight: to be freed with kdtls_flight_free()
 * @opener: the sending key
 * @bytes: records in the order in which they were made, none of them sent
 *	before the last flight. Spoilt
 * @len: bytes of them
 */
void kdtls_flight_collect(struct kdtls_flight *flight,
			  const struct kdtls_aead *opener, uint8_t *bytes,
			  size_t len);

/* The time begins to run; a flight without Finished is none. */
void kdtls_flight_begin(struct kdtls_flight *flight);

/*
 * One that was begun elsewhere, of which @left_ms are left. @from stays the
 * caller's. Without memory there's none.
 */
void kdtls_flight_restore(struct kdtls_flight *flight,
			  const struct kdtls_flight *from, uint32_t left_ms);

/* Once more to the peer on @fd, unless that was just done or it's too late. */
void kdtls_flight_repeat(struct kdtls_flight *flight, int fd);

/* Wipes and frees it if nobody waits for it any more. */
void kdtls_flight_expire(struct kdtls_flight *flight);

void kdtls_flight_free(struct kdtls_flight *flight);

#endif

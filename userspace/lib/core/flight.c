// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <string.h>

#include "bytes.h"
#include "flight.h"
#include "kernel.h"

/* Two maximum segment lifetimes of TCP's (RFC 793, 3.3). */
#define LIFETIME_MS (4 * 60 * 1000)
/* Timers begin at a second (RFC 6347, 4.2.4.1), or a little below. */
#define INTERVAL_MS 100
/* Far above any session ticket. */
#define CLEAR_MAX 65536

#define FINISHED 20 /* HandshakeType (RFC 5246, 7.4) */

static void collect_finished(struct kdtls_flight *flight,
			     const struct kdtls_aead *opener,
			     struct kdtls_record *record)
{
	uint8_t *content;
	size_t len;

	if (!kdtls_record_open(opener, record, &content, &len) ||
	    len != sizeof(flight->finished) || content[0] != FINISHED)
		return;
	memcpy(flight->finished, content, len);
	flight->is_whole = true;
}

void kdtls_flight_collect(struct kdtls_flight *flight,
			  const struct kdtls_aead *opener, uint8_t *bytes,
			  size_t len)
{
	const uint8_t *end = bytes + len;
	struct kdtls_record record;

	while (kdtls_record_next(&bytes, end, &record)) {
		if (record.epoch == KDTLS_EPOCH)
			collect_finished(flight, opener, &record);
		if (record.epoch)
			continue;
		if (!kdtls_buffer_append(&flight->clear, record.bytes,
					 record.len, CLEAR_MAX))
			break;
		if (record.seq >= flight->next_seq)
			flight->next_seq = record.seq + 1;
	}
}

void kdtls_flight_begin(struct kdtls_flight *flight)
{
	flight->until_ms = kdtls_kernel->now_ms() + LIFETIME_MS;
	if (!flight->is_whole)
		kdtls_flight_free(flight);
}

void kdtls_flight_restore(struct kdtls_flight *flight,
			  const struct kdtls_flight *from, uint32_t left_ms)
{
	if (left_ms > LIFETIME_MS)
		left_ms = LIFETIME_MS;
	memcpy(flight->finished, from->finished, sizeof(flight->finished));
	flight->next_seq = from->next_seq;
	flight->until_ms = kdtls_kernel->now_ms() + left_ms;
	flight->is_whole = kdtls_buffer_append(&flight->clear,
					       from->clear.bytes,
					       from->clear.len, CLEAR_MAX);
}

/*
 * Each record in a datagram of its own: so none is longer than those that the
 * handshake sent.
 */
static void repeat_clear(struct kdtls_flight *flight, int fd)
{
	const uint8_t *end = flight->clear.bytes + flight->clear.len;
	uint8_t *at = flight->clear.bytes;
	struct kdtls_record record;

	while (kdtls_record_next(&at, end, &record)) {
		kdtls_put_be(record.bytes + 5, flight->next_seq++, 6);
		kdtls_kernel_send(fd, DTLS_SET_EPOCH0, 0, record.bytes,
				  record.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	}
}

/* What can't be sent is as good as lost: the peer will ask again. */
void kdtls_flight_repeat(struct kdtls_flight *flight, int fd)
{
	uint64_t now = kdtls_kernel->now_ms();

	kdtls_flight_expire(flight);
	if (!flight->is_whole || now < flight->after_ms)
		return;
	flight->after_ms = now + INTERVAL_MS;
	repeat_clear(flight, fd);
	kdtls_kernel_send(fd, TLS_SET_RECORD_TYPE, KDTLS_TYPE_HANDSHAKE,
			  flight->finished, sizeof(flight->finished),
			  MSG_NOSIGNAL | MSG_DONTWAIT);
}

void kdtls_flight_expire(struct kdtls_flight *flight)
{
	if (flight->is_whole && kdtls_kernel->now_ms() >= flight->until_ms)
		kdtls_flight_free(flight);
}

void kdtls_flight_free(struct kdtls_flight *flight)
{
	kdtls_buffer_free(&flight->clear);
	explicit_bzero(flight, sizeof(*flight));
}

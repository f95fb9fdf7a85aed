// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <stdio.h>

#include "coalesce.h"
#include "ending.h"
#include "tunnel.h"

/* Before somebody else has a turn. */
#define PACKETS_A_TURN 64
#define BATCHES_A_TURN 16

/* A super-packet in segments, each with its headers. */
#define SEGMENTS_BYTES (256 << 10)

/* A third of what AES-GCM may do by RFC 8446, 5.5, which the kernel enforces. */
#define WORN_RECORDS (1ull << 23)

/* One thread: there's one of each, as large as they come. */
static struct tun_packet incoming;
static uint8_t segments_bytes[SEGMENTS_BYTES];
static struct coalesce outgoing;
static struct batch batch;

bool link_is_worn(const struct link *link)
{
	return link->sent >= WORN_RECORDS || link->received >= WORN_RECORDS;
}

static size_t limit_of(const struct peer *peer)
{
	size_t payload = peer->current->payload;

	return peer->limit && peer->limit < payload ? peer->limit : payload;
}

/* As a router does: the sender learns what gets through, by an ICMP message. */
static void refuse_too_big(struct tunnel *t, struct peer *peer, size_t len)
{
	static uint8_t bytes[1500];
	static struct coalesce answer;
	struct packet packet;
	size_t answer_len;

	peer->traffic.too_big++;
	if (packet_parse(&packet, incoming.bytes, len))
		return;
	answer_len =
		packet_too_big(&packet, limit_of(peer), bytes, sizeof(bytes));
	if (answer_len && !packet_parse(&packet, bytes, answer_len) &&
	    coalesce_add(&answer, &packet))
		tun_write(&t->tun, &answer);
}

/* What was read, a packet or many in one, to @peer. */
static void send_to(struct tunnel *t, struct peer *peer, size_t len)
{
	size_t each = segments_each(&incoming.hdr, incoming.bytes, len);
	struct segments packets;
	int count, err;

	if (each > limit_of(peer)) {
		refuse_too_big(t, peer, len);
		return;
	}
	count = segments_make(&incoming.hdr, incoming.bytes, len,
			      segments_bytes, sizeof(segments_bytes), &packets);
	if (count <= 0) {
		peer->traffic.malformed++;
		return;
	}
	err = link_send(peer->current, &packets);
	if (!err)
		peer->traffic.sent += count;
	else if (err == -EMSGSIZE)
		/* The path has become narrower, which the link knows now. */
		refuse_too_big(t, peer, len);
	else
		peer->traffic.full += count;
}

static void read_device(struct source *source)
{
	struct tunnel *t = (struct tunnel *)((char *)source -
					     offsetof(struct tunnel, from_tun));
	int budget = PACKETS_A_TURN;
	struct packet packet;
	struct peer *peer;
	ssize_t len;

	while (budget-- > 0) {
		len = tun_read(&t->tun, &incoming);
		if (len == -EAGAIN)
			return;
		if (len == -EBADFD)
			end_with(ENDING_SYSTEM, "%s: the device is gone",
				 t->tun.name);
		if (len < 0 || packet_parse(&packet, incoming.bytes, len))
			continue;
		peer = t->role->peer_to(t, &packet);
		if (!peer)
			t->unrouted++;
		else if (!peer->current)
			peer->traffic.full++;
		else
			send_to(t, peer, packet.len);
	}
}

/*
 * Nobody sends as somebody else, and nobody as a neighbour: routers of the local
 * link say by such addresses where packets go (RFC 4861, 6.1.2).
 */
static bool is_foreign(const struct peer *peer, const struct address *source)
{
	unsigned int i;

	if (source->len == 16 && source->bytes[0] >= 0xfe)
		return true;
	for (i = 0; i < peer->address_count; i++)
		if (address_is(&peer->addresses[i], source))
			return false;
	return peer->sends_as_itself;
}

static void hear_packet(struct tunnel *t, struct peer *peer, uint8_t *bytes,
			size_t len)
{
	struct packet packet;

	if (packet_parse(&packet, bytes, len)) {
		peer->traffic.malformed++;
		return;
	}
	if (is_foreign(peer, &packet.source)) {
		peer->traffic.foreign++;
		return;
	}
	peer->traffic.received++;
	if (coalesce_add(&outgoing, &packet))
		return;
	tun_write(&t->tun, &outgoing);
	coalesce_add(&outgoing, &packet);
}

/* Messages that both ends answer alike. */
static void hear_message(struct tunnel *t, struct peer *peer, struct link *link,
			 const uint8_t *bytes, size_t len)
{
	/* There may be many routes in one. */
	static struct message message;

	if (message_parse(&message, bytes, len)) {
		peer->traffic.malformed++;
		return;
	}
	if (message.kind == MESSAGE_PROBE) {
		message.kind = MESSAGE_ECHO;
		tunnel_tell(link, &message);
		return;
	}
	t->role->message(t, peer, link, &message);
}

static void hear_records(struct tunnel *t, struct peer *peer, struct link *link)
{
	size_t at, len;

	for (at = 0; at < batch.len; at += len) {
		len = batch.len - at < batch.each ? batch.len - at : batch.each;
		link->received++;
		if (batch.bytes[at] & 0xc0)
			hear_packet(t, peer, batch.bytes + at, len);
		else
			hear_message(t, peer, link, batch.bytes + at, len);
	}
}

/* True: the other end is done with the link. RFC 5246, 7.2.1 and 7.2.2. */
static bool is_closing(const struct batch *alert)
{
	return alert->type == KDTLS_ALERT && alert->len == 2 &&
	       (alert->bytes[0] == 2 || alert->bytes[1] == 0);
}

void tunnel_hear(struct tunnel *t, struct peer *peer, struct link *link)
{
	int budget = BATCHES_A_TURN;
	bool closing = false;

	while (!closing && (budget-- > 0 || link->transport->pending(link))) {
		/* Errors are ICMP's, of what was sent: anybody's words. */
		if (link->transport->receive(link, &batch))
			break;
		peer->heard_ms = loop_now();
		closing = is_closing(&batch);
		if (batch.type == KDTLS_DATA)
			hear_records(t, peer, link);
	}
	tun_write(&t->tun, &outgoing);
	if (closing)
		t->role->closed(t, peer, link);
}

int tunnel_tell(struct link *link, const struct message *message)
{
	static uint8_t bytes[PACKET_MAX];
	ssize_t len = message_make(message, bytes, sizeof(bytes));

	return len < 0 ? len : link_send_one(link, bytes, len);
}

int tunnel_begin(struct tunnel *t)
{
	t->from_tun.ready = read_device;
	return loop_watch(&t->from_tun, t->tun.fd);
}

void tunnel_run(struct tunnel *t)
{
	while (loop_turn(t->role->due(t))) {
		t->role->turn(t);
		if (loop_report_wanted())
			t->role->report(t);
	}
	t->role->finish(t);
}

const char *traffic_text(const struct traffic *traffic)
{
	static char text[200];

	snprintf(text, sizeof(text),
		 "rx %llu tx %llu dropped source %llu, malformed %llu, too big %llu, full %llu",
		 (unsigned long long)traffic->received,
		 (unsigned long long)traffic->sent,
		 (unsigned long long)traffic->foreign,
		 (unsigned long long)traffic->malformed,
		 (unsigned long long)traffic->too_big,
		 (unsigned long long)traffic->full);
	return text;
}

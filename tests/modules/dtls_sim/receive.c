// SPDX-License-Identifier: GPL-2.0
/* Packets from the wire: records decrypted, if all of a datagram's can be. */
#include <linux/etherdevice.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <linux/unaligned.h>
#include <net/gso.h>

#include <linux/dtls.h>

#include "dtls_sim.h"
#include "key.h"

/* Not a key's but by chance, of which there's 1 in 2^32. */
#define WRONG_COOKIE 0x6b6f6f6b

#define TAG_LEN 16

/* What the records opened so far have in common, and how many they are. */
struct opened {
	u32 cookie;
	unsigned int records;
	unsigned int bytes;
};

static void mark(struct sk_buff *skb, u32 cookie)
{
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	skb->csum_level = 0;
	dtls_offload_mark_received(skb, cookie);
}

static struct sk_buff *pass(struct sim *sim, struct sk_buff *skb)
{
	sim_inc(sim, SIM_RX_PASSED);
	return skb;
}

/* Of a peer whose records there's a key for. */
static struct sk_buff *pass_unmarked(struct sim *sim, struct sk_buff *skb)
{
	sim_inc(sim, SIM_RX_UNMARKED);
	return pass(sim, skb);
}

/*
 * The record that @room bytes of @copy begin with at @offset; @skb is the
 * packet as it came.
 * Return: its length; -ENOENT if there's no key for it, or it's no record;
 *	-EBADMSG if it isn't authentic.
 */
static int open_record(struct sim *sim, const struct sim_datagram *dgram,
		       const struct sk_buff *skb, struct sk_buff *copy,
		       unsigned int offset, unsigned int room,
		       struct opened *opened)
{
	u8 *record = copy->data + offset;
	struct sim_key *key = NULL;
	int result = -ENOENT;
	int len;

	while ((key = sim_key_find(sim, dgram, key))) {
		const struct sim_protection *protection = &key->protection;

		len = sim_record_len(record, room, protection->cid_len);
		if (len < 0 || sim_record_epoch(record) != protection->epoch)
			continue;
		if (opened->records && opened->cookie != key->cookie)
			continue;
		if (!sim_record_decrypt(protection, record, len)) {
			opened->cookie = key->cookie;
			return len;
		}
		result = -EBADMSG;
		/* The next key's may have the same addresses and epoch. */
		if (skb_copy_bits(skb, offset, record, len))
			break;
	}
	return result;
}

static int open_records(struct sim *sim, const struct sim_datagram *dgram,
			const struct sk_buff *skb, struct sk_buff *copy,
			struct opened *opened)
{
	unsigned int offset = dgram->offset + sizeof(struct udphdr);
	unsigned int end = dgram->offset + dgram->len;
	int len;

	while (offset < end) {
		len = open_record(sim, dgram, skb, copy, offset, end - offset,
				  opened);
		if (len < 0)
			return len;
		offset += len;
		opened->bytes += len;
		opened->records++;
	}
	return opened->records ? 0 : -ENOENT;
}

static struct sk_buff *open_datagram(struct sim *sim, struct sk_buff *skb,
				     const struct sim_datagram *dgram)
{
	bool is_wrong = READ_ONCE(sim->knobs.mark_wrong) == SIM_WRONG_COOKIE;
	struct opened opened = {};
	struct sk_buff *copy;
	int err;

	copy = skb_copy(skb, GFP_ATOMIC);
	if (!copy)
		return pass_unmarked(sim, skb);
	err = open_records(sim, dgram, skb, copy, &opened);
	if (err) {
		kfree_skb(copy);
		if (err == -EBADMSG)
			sim_inc(sim, SIM_RX_BAD);
		return pass_unmarked(sim, skb);
	}
	consume_skb(skb);
	mark(copy, is_wrong ? ~opened.cookie : opened.cookie);
	sim_inc(sim, SIM_RX_DECRYPTED);
	sim_add(sim, SIM_RX_RECORDS, opened.records);
	sim_add(sim, SIM_RX_BYTES, opened.bytes);
	return copy;
}

/* As if it had been decrypted; the key is that of its first record. */
static struct sk_buff *only_mark(struct sim *sim, struct sk_buff *skb,
				 const struct sim_datagram *dgram)
{
	unsigned int offset = dgram->offset + sizeof(struct udphdr);
	struct sim_key *key = NULL;
	u8 buffer[SIM_HEADER_LEN];
	const u8 *header;

	header = skb_header_pointer(skb, offset, sizeof(buffer), buffer);
	if (!header)
		return pass_unmarked(sim, skb);
	while ((key = sim_key_find(sim, dgram, key)))
		if (key->protection.epoch == sim_record_epoch(header))
			break;
	if (!key)
		return pass_unmarked(sim, skb);
	mark(skb, key->cookie);
	sim_inc(sim, SIM_RX_DECRYPTED);
	return skb;
}

/* Does it begin with a protected record of the version that we know? */
static bool is_protected(const struct sk_buff *skb,
			 const struct sim_datagram *dgram)
{
	unsigned int offset = dgram->offset + sizeof(struct udphdr);
	u8 buffer[SIM_HEADER_LEN];
	const u8 *header;

	header = skb_header_pointer(skb, offset, sizeof(buffer), buffer);
	return header && get_unaligned_be16(header + 1) == DTLS_1_2_VERSION &&
	       sim_record_epoch(header) &&
	       dgram->len > sizeof(struct udphdr) + SIM_HEADER_LEN + TAG_LEN;
}

/* In the card, behind its own look at the checksum. */
static struct sk_buff *damage(struct sim *sim, struct sk_buff *skb,
			      const struct sim_datagram *dgram)
{
	unsigned int end = dgram->offset + dgram->len;
	struct sk_buff *copy;

	if (!READ_ONCE(sim->knobs.corrupt_rx) || !is_protected(skb, dgram) ||
	    !sim_is_nth(&sim->corrupted_rx, READ_ONCE(sim->knobs.corrupt_rx)))
		return skb;
	copy = skb_copy(skb, GFP_ATOMIC);
	if (!copy)
		return skb;
	copy->data[end - TAG_LEN - 1] ^= 1;
	copy->ip_summed = CHECKSUM_UNNECESSARY;
	copy->csum_level = 0;
	consume_skb(skb);
	return copy;
}

static bool is_decrypting(const struct sim *sim)
{
	/* A marked packet's checksum is that of another one. */
	return sim->dev->features & NETIF_F_RXCSUM &&
	       !READ_ONCE(sim->knobs.no_keys_rx);
}

/* Return: what goes up instead. */
static struct sk_buff *process(struct sim *sim, struct sk_buff *skb,
			       const struct sim_datagram *dgram)
{
	u32 lie = READ_ONCE(sim->knobs.mark_wrong);

	skb = damage(sim, skb, dgram);
	if (lie == SIM_ANY_DATAGRAM) {
		mark(skb, WRONG_COOKIE);
		return skb;
	}
	if (!sim_key_find(sim, dgram, NULL))
		return pass(sim, skb);
	if (!is_decrypting(sim) || !sim_datagram_is_intact(skb, dgram))
		return pass_unmarked(sim, skb);
	if (lie == SIM_NOT_DECRYPTED || READ_ONCE(sim->knobs.free))
		return only_mark(sim, skb, dgram);
	return open_datagram(sim, skb, dgram);
}

/* The datagrams of a batch, each as if it had come alone. */
static struct sk_buff *segment(struct sk_buff *skb)
{
	unsigned int mac_len = skb->data - skb_mac_header(skb);
	struct sk_buff *frames, *frame;

	if (!skb_is_gso(skb) || !(skb_shinfo(skb)->gso_type & SKB_GSO_UDP_L4))
		return skb;
	__skb_push(skb, mac_len);
	frames = __skb_gso_segment(skb,
				   NETIF_F_SG | NETIF_F_HW_CSUM |
					   NETIF_F_HIGHDMA,
				   false);
	if (IS_ERR_OR_NULL(frames)) {
		__skb_pull(skb, mac_len);
		return skb;
	}
	consume_skb(skb);
	for (frame = frames; frame; frame = frame->next)
		__skb_pull(frame, mac_len);
	return frames;
}

/* By our address, which need not be the wire's. */
static void set_packet_type(struct sk_buff *skb)
{
	if (skb->pkt_type != PACKET_HOST && skb->pkt_type != PACKET_OTHERHOST)
		return;
	skb->pkt_type =
		ether_addr_equal(eth_hdr(skb)->h_dest, skb->dev->dev_addr) ?
			PACKET_HOST :
			PACKET_OTHERHOST;
}

static struct sk_buff *receive_frame(struct sim *sim, struct sk_buff *skb)
{
	struct sim_datagram dgram;
	bool is_datagram = !skb_is_gso(skb) && sim_datagram_parse(skb, &dgram);

	dev_sw_netstats_rx_add(sim->dev, skb->len + ETH_HLEN);
	skb = is_datagram ? process(sim, skb, &dgram) : pass(sim, skb);
	return sim_hold_pass(sim, skb, is_datagram);
}

rx_handler_result_t sim_receive(struct sk_buff **pskb)
{
	struct sim *sim = rcu_dereference((*pskb)->dev->rx_handler_data);
	struct sk_buff *skb, *frame, *next, *first = NULL;

	if ((*pskb)->pkt_type == PACKET_LOOPBACK)
		return RX_HANDLER_PASS;
	skb = skb_share_check(*pskb, GFP_ATOMIC);
	if (!skb)
		return RX_HANDLER_CONSUMED;
	if (!netif_running(sim->dev)) {
		kfree_skb(skb);
		return RX_HANDLER_CONSUMED;
	}
	skb->dev = sim->dev;
	set_packet_type(skb);
	skb_list_walk_safe(segment(skb), frame, next) {
		skb_mark_not_on_list(frame);
		frame = receive_frame(sim, frame);
		if (frame && first)
			netif_rx(frame);
		else if (frame)
			first = frame;
	}
	*pskb = first;
	return first ? RX_HANDLER_ANOTHER : RX_HANDLER_CONSUMED;
}

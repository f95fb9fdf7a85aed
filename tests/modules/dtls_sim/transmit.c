// SPDX-License-Identifier: GPL-2.0
/* Packets to the wire: records encrypted, segmented, with their checksums. */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <linux/unaligned.h>
#include <net/checksum.h>
#include <net/gso.h>
#include <net/ip6_checksum.h>

#include "dtls_sim.h"
#include "key.h"

/* Middle of what is encrypted, or its tag. */
static void damage(const struct sim_protection *key, u8 *record, size_t len)
{
	record[len - key->tag_len - 1] ^= 1;
}

/* The number that it was given; any other might be another record's too. */
static bool has_its_number(const struct sim_protection *key, const u8 *record,
			   size_t len, u64 check)
{
	const u8 *tag = record + len - key->tag_len;

	return len >= 13U + key->tag_len &&
	       get_unaligned_be64(tag) ==
		       (get_unaligned_be64(record + 3) ^ check);
}

static int encrypt_record(struct sim *sim, const struct sim_key *key, u64 check,
			  u8 *record, size_t len)
{
	int err;

	if (!has_its_number(&key->protection, record, len, check))
		return -EBADMSG;
	err = sim_record_encrypt(&key->protection, record, len);
	if (err)
		return err;
	if (sim_is_nth(&sim->corrupted_tx, READ_ONCE(sim->knobs.corrupt_tx)))
		damage(&key->protection, record, len);
	sim_inc(sim, SIM_TX_ENCRYPTED);
	sim_add(sim, SIM_TX_BYTES, len);
	return 0;
}

/* Of the whole datagram, as it stands. */
static void put_checksum(struct sk_buff *skb, unsigned int offset)
{
	struct udphdr *uh = (struct udphdr *)(skb->data + offset);
	unsigned int len = skb->len - offset;
	__wsum sum;

	uh->check = 0;
	sum = skb_checksum(skb, offset, len, 0);
	if (ip_hdr(skb)->version == 4)
		uh->check = csum_tcpudp_magic(ip_hdr(skb)->saddr,
					      ip_hdr(skb)->daddr, len,
					      IPPROTO_UDP, sum);
	else
		uh->check = csum_ipv6_magic(&ipv6_hdr(skb)->saddr,
					    &ipv6_hdr(skb)->daddr, len,
					    IPPROTO_UDP, sum);
	if (!uh->check)
		uh->check = CSUM_MANGLED_0;
	skb->ip_summed = CHECKSUM_NONE;
}

static int encrypt_frame(struct sim *sim, struct sk_buff *skb,
			 const struct dtls_offload_packet *packet)
{
	u32 at, len;
	int err;

	/* Sniffers above have the same memory. */
	err = skb_linearize_cow(skb);
	if (err)
		return err;
	for (at = packet->offset; at < skb->len; at += len) {
		len = min(packet->record_len, skb->len - at);
		err = encrypt_record(sim, packet->handle, packet->check,
				     skb->data + at, len);
		if (err)
			return err;
	}
	put_checksum(skb, packet->offset - sizeof(struct udphdr));
	dtls_offload_clear_mark(skb);
	return 0;
}

/* Linear frames, each with a checksum that's still to be computed. */
static struct sk_buff *segment(struct sk_buff *skb)
{
	struct sk_buff *frames;

	if (!skb_is_gso(skb))
		return skb;
	frames = skb_gso_segment(skb, NETIF_F_HW_CSUM);
	if (IS_ERR_OR_NULL(frames)) {
		kfree_skb(skb);
		return NULL;
	}
	consume_skb(skb);
	return frames;
}

static void send_frame(struct sim *sim, struct sk_buff *skb)
{
	struct net_device *dev = sim->dev;
	unsigned int len = skb->len;
	int result;

	skb->dev = sim->lower;
	result = dev_queue_xmit(skb);
	if (likely(!net_xmit_eval(result)))
		dev_sw_netstats_tx_add(dev, 1, len);
	else
		dev_core_stats_tx_dropped_inc(dev);
}

static void drop_frame(struct sim *sim, struct sk_buff *skb)
{
	dev_core_stats_tx_dropped_inc(sim->dev);
	kfree_skb(skb);
}

/* A datagram's records don't go on in the next one. */
static bool is_in_step(const struct sk_buff *skb,
		       const struct dtls_offload_packet *packet)
{
	return packet->record_len &&
	       (!skb_is_gso(skb) ||
		!(skb_shinfo(skb)->gso_size % packet->record_len));
}

static void encrypt(struct sim *sim, struct sk_buff *skb,
		    const struct dtls_offload_packet *packet)
{
	struct sk_buff *frame, *next;

	if (!is_in_step(skb, packet)) {
		sim_inc(sim, SIM_TX_DROPPED);
		drop_frame(sim, skb);
		return;
	}
	skb_list_walk_safe(segment(skb), frame, next) {
		skb_mark_not_on_list(frame);
		if (encrypt_frame(sim, frame, packet)) {
			sim_inc(sim, SIM_TX_DROPPED);
			drop_frame(sim, frame);
		} else {
			send_frame(sim, frame);
		}
	}
}

static void send_plain(struct sim *sim, struct sk_buff *skb)
{
	struct sk_buff *frame, *next;

	skb_list_walk_safe(segment(skb), frame, next) {
		skb_mark_not_on_list(frame);
		if (frame->ip_summed == CHECKSUM_PARTIAL &&
		    skb_checksum_help(frame))
			drop_frame(sim, frame);
		else
			send_frame(sim, frame);
	}
}

static void leave_to_software(struct sim *sim, struct sk_buff *skb)
{
	if (dtls_offload_encrypt(skb)) {
		sim_inc(sim, SIM_TX_DROPPED);
		drop_frame(sim, skb);
		return;
	}
	sim_inc(sim, SIM_TX_REFUSED);
	send_plain(sim, skb);
}

static void send_marked(struct sim *sim, struct sk_buff *skb)
{
	struct dtls_offload_packet packet;
	int err;

	err = dtls_offload_tx_packet(skb, sim->dev, &packet);
	if (err == -ENOENT || READ_ONCE(sim->knobs.refuse_tx)) {
		leave_to_software(sim, skb);
	} else if (err) {
		sim_inc(sim, SIM_TX_DROPPED);
		drop_frame(sim, skb);
	} else if (READ_ONCE(sim->knobs.free)) {
		dtls_offload_clear_mark(skb);
		send_frame(sim, skb);
	} else {
		encrypt(sim, skb, &packet);
	}
}

netdev_tx_t sim_start_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct sim *sim = netdev_priv(dev);

	if (dtls_offload_is_marked(skb)) {
		send_marked(sim, skb);
		return NETDEV_TX_OK;
	}
	sim_inc(sim, SIM_TX_PLAIN);
	if (READ_ONCE(sim->knobs.free))
		send_frame(sim, skb);
	else
		send_plain(sim, skb);
	return NETDEV_TX_OK;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Packets of records in clear, marked, on their way to the card that encrypts
 * them. Whatever else they come to gets them encrypted, or not at all.
 */
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <linux/unaligned.h>
#include <net/checksum.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/sock.h>
#include <net/udp.h>

#include "assoc.h"
#include "context.h"
#include "offload.h"
#include "offload_xmit.h"
#include "pieces.h"
#include "trace.h"

/* Header, with the longest connection ID, and the explicit nonce. */
#define FRONT_MAX	(DTLS_RECORD_HEADER_LEN + DTLS_RECORD_CID_MAX + 8)

/**
 * struct marked - a marked packet, looked at
 * @epoch: of its records; valid under RCU
 * @key: its key
 * @offset: where the first record begins, bytes from skb->data
 * @step: length of each record but the last, bytes
 */
struct marked {
	const struct dtls_epoch		*epoch;
	struct dtls_offload_key		*key;
	u32				offset;
	u32				step;
};

static bool is_ipv4(const struct sk_buff *skb)
{
	return ip_hdr(skb)->version == 4;
}

/* One of this socket's, whole, as UDP made it. */
static bool is_datagram(const struct sock *sk, const struct sk_buff *skb)
{
	u32 offset = skb_transport_offset(skb) + sizeof(struct udphdr);

	if (!skb_transport_header_was_set(skb) || skb_headlen(skb) < offset)
		return false;
	if (is_ipv4(skb) && (ip_hdr(skb)->protocol != IPPROTO_UDP ||
			     ip_is_fragment(ip_hdr(skb))))
		return false;
	return udp_hdr(skb)->source == inet_sk(sk)->inet_sport &&
	       ntohs(udp_hdr(skb)->len) + skb_transport_offset(skb) == skb->len;
}

/**
 * struct front - where a record begins
 * @rec: its header
 * @explicit: its explicit nonce
 * @buf: memory for both, where they lie in several pieces
 */
struct front {
	struct dtls_record	rec;
	const u8		*explicit;
	u8			buf[FRONT_MAX];
};

/*
 * Is this one whole record of @epoch, with the number that it was given? Whoever
 * has changed it on its way could make us use a number, and a nonce, twice; and
 * after a detach another key may have the same epoch.
 */
static bool look_at_record(const struct dtls_epoch *epoch,
			   struct dtls_pieces *pieces, u32 offset, u32 len,
			   struct front *front)
{
	const struct dtls_cipher *cipher = dtls_aead_cipher(epoch->aead);
	u8 cid_len = epoch->shape.cid_len, buf[8];
	const u8 *header, *check;

	header = dtls_pieces_peek(pieces, offset, min_t(u32, len, FRONT_MAX),
				  front->buf);
	if (!header || dtls_record_parse(&front->rec, header, len, cid_len) ||
	    dtls_record_header_len(&front->rec) + front->rec.len != len ||
	    dtls_record_epoch(front->rec.number) != epoch->epoch ||
	    front->rec.len < dtls_cipher_expansion(cipher))
		return false;
	front->explicit = header + dtls_record_header_len(&front->rec);
	check = dtls_pieces_peek(pieces, offset + len - cipher->tag_len,
				 sizeof(buf), buf);
	if (!check || get_unaligned_be64(check) !=
		      (front->rec.number ^ dtls_offload_key(epoch)->check))
		return false;
	/* Of which the nonce is made, where there is one. */
	return !cipher->explicit_len ||
	       get_unaligned_be64(front->explicit) == front->rec.number;
}

static struct dtls_epoch *find_epoch(const struct dtls_offload_state *state,
				     struct dtls_pieces *pieces, u32 offset,
				     u32 len)
{
	struct dtls_epoch *epoch;
	struct front front;
	int i;

	for (i = 0; i < DTLS_OFFLOAD_TX_KEYS; i++) {
		epoch = rcu_dereference_check(state->tx[i],
					      rcu_read_lock_bh_held());
		if (epoch && look_at_record(epoch, pieces, offset, len, &front))
			return epoch;
	}
	return NULL;
}

/* Return: 0; -EBADMSG if it's no such packet, or its key is gone. */
static int look_at(const struct sock *sk, const struct sk_buff *skb,
		   struct marked *marked)
{
	const struct dtls_context *ctx = dtls_context(sk);
	struct dtls_pieces pieces;
	u32 len;

	if (!is_datagram(sk, skb))
		return -EBADMSG;
	marked->offset = skb_transport_offset(skb) + sizeof(struct udphdr);
	len = skb->len - marked->offset;
	marked->step = skb_is_gso(skb) ? skb_shinfo(skb)->gso_size : len;
	dtls_pieces_init(&pieces, skb);
	marked->epoch = find_epoch(ctx->offload, &pieces, marked->offset,
				   min(marked->step, len));
	if (!marked->epoch)
		return -EBADMSG;
	marked->key = dtls_offload_key(marked->epoch);
	return 0;
}

/* A device that hands packets on as they are, to one below, by this way again. */
static bool hands_on(const struct net_device *dev)
{
	return is_vlan_dev(dev) || netif_is_bond_master(dev);
}

/**
 * dtls_offload_leads_to() - do packets get from a device to a card, in clear?
 * @dev: the device
 * @card: the card
 *
 * Context: any, under rcu_read_lock() or rcu_read_lock_bh().
 * Return: true if it's the card itself, or a VLAN or a bond above it.
 */
bool dtls_offload_leads_to(struct net_device *dev, struct net_device *card)
{
	bool is_above;

	if (dev == card)
		return true;
	rcu_read_lock();
	is_above = hands_on(dev) && netdev_has_upper_dev_all_rcu(card, dev);
	rcu_read_unlock();
	return is_above;
}

/* Leaves the checksum, which isn't that of the plaintext, to the card. */
static bool leaves_checksum(const struct net_device *dev,
			    const struct sk_buff *skb)
{
	netdev_features_t wanted = NETIF_F_HW_CSUM;

	wanted |= is_ipv4(skb) ? NETIF_F_IP_CSUM : NETIF_F_IPV6_CSUM;
	return skb->ip_summed == CHECKSUM_PARTIAL && dev->features & wanted;
}

static bool takes_batch(const struct marked *marked,
			const struct net_device *dev, const struct sk_buff *skb)
{
	return marked->key->batch || !skb_is_gso(skb) ||
	       !(dev->features & NETIF_F_GSO_UDP_L4);
}

/* Is @dev the card, or on the way to it? */
static bool may_pass(const struct marked *marked, struct net_device *dev,
		     const struct sk_buff *skb)
{
	struct net_device *card = READ_ONCE(marked->key->dev);

	return card && leaves_checksum(dev, skb) &&
	       dtls_offload_leads_to(dev, card) &&
	       (dev != card || takes_batch(marked, dev, skb));
}

/* Others may hold the same bytes: packet taps above, who saw them in clear. */
static int make_private(struct sk_buff *skb)
{
	return skb_cloned(skb) ? skb_linearize_cow(skb) : 0;
}

static int encrypt_record(struct dtls_aead_op *op, struct dtls_pieces *pieces,
			  const struct marked *marked, u32 offset, u32 len)
{
	const struct dtls_epoch *epoch = marked->epoch;
	u8 explicit_len = dtls_aead_cipher(epoch->aead)->explicit_len;
	struct front front;
	u32 front_len;
	int err;

	if (!look_at_record(epoch, pieces, offset, len, &front))
		return -EBADMSG;
	front_len = dtls_record_header_len(&front.rec) + explicit_len;
	err = dtls_pieces_map(pieces, dtls_aead_op_list(op), offset + front_len,
			      len - front_len);
	return err ?: dtls_aead_seal_listed(op, &front.rec, front.explicit);
}

static int encrypt_records(struct sk_buff *skb, const struct marked *marked,
			   unsigned int *n)
{
	u32 offset = marked->offset;
	struct dtls_pieces pieces;
	struct dtls_aead_op *op;
	int err = 0;

	op = dtls_aead_op_alloc(marked->key->fallback, dtls_pieces_count(skb),
				0);
	if (!op)
		return -ENOMEM;
	dtls_pieces_init(&pieces, skb);
	for (*n = 0; !err && offset < skb->len; (*n)++) {
		u32 len = min(marked->step, skb->len - offset);

		err = encrypt_record(op, &pieces, marked, offset, len);
		offset += len;
	}
	dtls_aead_op_free(op);
	return err;
}

/*
 * Somebody has computed it, of the plaintext: it's to be computed anew. With a
 * routing header its destination isn't the one in front.
 */
static int restart_checksum(struct sk_buff *skb)
{
	u32 len = skb->len - skb_transport_offset(skb);
	struct udphdr *uh = udp_hdr(skb);

	if (skb->ip_summed == CHECKSUM_PARTIAL)
		return 0;
	if (is_ipv4(skb))
		uh->check = ~csum_tcpudp_magic(ip_hdr(skb)->saddr,
					       ip_hdr(skb)->daddr, len,
					       IPPROTO_UDP, 0);
	else if (ipv6_hdr(skb)->nexthdr == IPPROTO_UDP)
		uh->check = ~csum_ipv6_magic(&ipv6_hdr(skb)->saddr,
					     &ipv6_hdr(skb)->daddr, len,
					     IPPROTO_UDP, 0);
	else
		return -EBADMSG;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct udphdr, check);
	skb->ip_summed = CHECKSUM_PARTIAL;
	return 0;
}

static int encrypt(const struct sock *sk, struct sk_buff *skb,
		   const struct marked *marked)
{
	struct dtls_assoc *assoc = dtls_context(sk)->assoc;
	unsigned int n;
	int err;

	err = make_private(skb);
	if (!err)
		err = restart_checksum(skb);
	if (!err)
		err = encrypt_records(skb, marked, &n);
	if (err)
		return err;
	dtls_offload_clear_mark(skb);
	dtls_stats_add(&assoc->counters, DTLS_STAT_TX_FALLBACK, n);
	return 0;
}

static void count_drop(const struct sock *sk, const struct sk_buff *skb)
{
	struct dtls_assoc *assoc = dtls_context(sk)->assoc;

	dtls_stats_inc(&assoc->counters, DTLS_STAT_TX_DEVICE_DROP);
	trace_dtls_drop(assoc->cookie, DTLS_STAT_TX_DEVICE_DROP, 0, skb->len);
}

static struct sk_buff *drop(const struct sock *sk, struct sk_buff *skb)
{
	count_drop(sk, skb);
	kfree_skb(skb);
	return NULL;
}

/**
 * dtls_offload_validate() - a packet of the socket comes to a device
 * @sk: the socket
 * @dev: the device
 * @skb: the packet; consumed if it's dropped
 *
 * Context: any, under rcu_read_lock_bh().
 * Return: the packet, as it may go on; NULL if it was dropped.
 */
struct sk_buff *dtls_offload_validate(struct sock *sk, struct net_device *dev,
				      struct sk_buff *skb)
{
	struct marked marked;

	if (!dtls_offload_is_clear(skb))
		return skb;
	if (look_at(sk, skb, &marked))
		return drop(sk, skb);
	if (may_pass(&marked, dev, skb))
		return skb;
	return encrypt(sk, skb, &marked) ? drop(sk, skb) : skb;
}

/* Is it one that we have marked? */
static bool is_ours(const struct sk_buff *skb)
{
#ifdef CONFIG_SOCK_VALIDATE_XMIT
	return dtls_offload_is_marked(skb) && skb->sk && sk_fullsock(skb->sk) &&
	       skb->sk->sk_validate_xmit_skb == dtls_offload_validate;
#else
	return false;
#endif
}

/**
 * dtls_offload_post_routing() - a packet is about to leave IP
 * @skb: the packet
 * @dev: the device that it's for
 * @is_cut: IP is about to cut it, and pieces have no mark
 *
 * Context: any, under rcu_read_lock().
 * Return: false if it must not go on.
 */
bool dtls_offload_post_routing(struct sk_buff *skb, struct net_device *dev,
			       bool is_cut)
{
	struct marked marked;

	if (!dtls_offload_is_clear(skb))
		return true;
	/* Received, and on its way to another machine. */
	if (!skb->sk)
		return false;
	if (!is_ours(skb))
		return true;
	if (!look_at(skb->sk, skb, &marked) &&
	    ((!is_cut && may_pass(&marked, dev, skb)) ||
	     !encrypt(skb->sk, skb, &marked)))
		return true;
	count_drop(skb->sk, skb);
	return false;
}

/**
 * dtls_offload_tx_packet() - what is to be encrypted, and with which key
 * @skb: a marked packet, in the device's ndo_start_xmit(), all headers there
 * @dev: the device
 * @packet: where it goes
 *
 * Context: any, under rcu_read_lock_bh(); @packet->handle is valid as long.
 * Return: 0; -ENOENT if the key isn't in the device any more, or the checksum
 *	is that of the plaintext: see dtls_offload_encrypt(); -EBADMSG if it's
 *	not a packet of whole records, and to be dropped.
 */
int dtls_offload_tx_packet(const struct sk_buff *skb,
			   const struct net_device *dev,
			   struct dtls_offload_packet *packet)
{
	struct marked marked;
	int err;

	if (!is_ours(skb))
		return -EBADMSG;
	err = look_at(skb->sk, skb, &marked);
	if (err)
		return err;
	/* Who sees the device sees the handle. */
	if (smp_load_acquire(&marked.key->dev) != dev ||
	    skb->ip_summed != CHECKSUM_PARTIAL)
		return -ENOENT;
	packet->handle = marked.key->handle;
	packet->offset = marked.offset;
	packet->record_len = marked.step;
	packet->check = marked.key->check;
	return 0;
}
EXPORT_SYMBOL_GPL(dtls_offload_tx_packet);

/**
 * dtls_offload_encrypt() - do in software what the device can't
 * @skb: a marked packet, in the device's ndo_start_xmit(), not shared
 *
 * Afterwards it's as any packet of UDP, its checksum to be computed by the
 * device (CHECKSUM_PARTIAL), as if it had never been marked.
 *
 * Context: any, under rcu_read_lock_bh().
 * Return: 0; -EBADMSG, -ENOMEM, or what the cipher says: it must be dropped.
 */
int dtls_offload_encrypt(struct sk_buff *skb)
{
	struct marked marked;
	int err;

	if (!is_ours(skb))
		return -EBADMSG;
	err = look_at(skb->sk, skb, &marked);
	return err ?: encrypt(skb->sk, skb, &marked);
}
EXPORT_SYMBOL_GPL(dtls_offload_encrypt);

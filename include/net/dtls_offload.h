/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For drivers of network cards that encrypt and decrypt DTLS records. The
 * contract: Documentation/networking/dtls-offload.rst
 */
#ifndef _NET_DTLS_OFFLOAD_H
#define _NET_DTLS_OFFLOAD_H

#include <linux/bits.h>
#include <linux/in6.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/tls.h>
#include <net/sock.h>

#include <linux/dtls.h>

/* Bits of struct dtls_offload_caps's @versions. */
#define DTLS_OFFLOAD_VERSION_1_2	BIT(0)

/**
 * struct dtls_offload_caps - what a device can do
 * @directions: DTLS_OFFLOAD_TX, DTLS_OFFLOAD_RX
 * @versions: DTLS_OFFLOAD_VERSION_*
 * @ciphers: TLS_CIPHER_*, the last one followed by a 0
 * @cid_max: longest connection ID in a record, bytes (RFC 9146)
 * @batch: TX: takes a packet of several records (NETIF_F_GSO_UDP_L4)
 */
struct dtls_offload_caps {
	u32		directions;
	u32		versions;
	const u16	*ciphers;
	u8		cid_max;
	bool		batch;
};

/**
 * struct dtls_offload_conf - a key for a device; valid until key_add() returns
 * @direction: DTLS_OFFLOAD_TX or DTLS_OFFLOAD_RX
 * @version: DTLS_1_2_VERSION
 * @cipher: TLS_CIPHER_*
 * @epoch: its records carry this epoch; those of another one use another key
 * @next_seq: TX: number of the first record; RX: the first that counts as new.
 *	For information: each record carries its number, in any order
 * @key_len: length of @key, bytes
 * @iv_len: length of @iv, bytes
 * @explicit_len: of a record, length of the explicit nonce behind the header,
 *	bytes: 8, or 0 for ChaCha20-Poly1305
 * @tag_len: of a record, length of the tag at its end, bytes
 * @cid_len: length of @cid, bytes; 0: the records have none. With one their
 *	type is 25, the header is longer, and the additional data another
 * @key: the cipher's key
 * @iv: the implicit part of the nonce: salt, or what is exclusive-ored with
 *	the record's number
 * @cid: the connection ID that each record carries
 * @family: AF_INET or AF_INET6 of the addresses
 * @local: of our end; IPv4's as ::ffff:a.b.c.d
 * @remote: of the peer
 * @local_port: UDP
 * @remote_port: likewise
 * @cookie: RX: for dtls_offload_mark_received(); no two keys have the same
 */
struct dtls_offload_conf {
	u32		direction;
	u16		version;
	u16		cipher;
	u16		epoch;
	u64		next_seq;
	u8		key_len;
	u8		iv_len;
	u8		explicit_len;
	u8		tag_len;
	u8		cid_len;
	const u8	*key;
	const u8	*iv;
	const u8	*cid;
	u16		family;
	struct in6_addr	local;
	struct in6_addr	remote;
	__be16		local_port;
	__be16		remote_port;
	u32		cookie;
};

/**
 * struct dtls_offload_stats - what a device has done since it was registered
 * @tx_records: records encrypted
 * @tx_bytes: their length, headers included
 * @rx_records: records decrypted in datagrams that were marked
 * @rx_bytes: their length, headers included
 * @rx_unmarked: datagrams of a key's peer that were left as they came
 */
struct dtls_offload_stats {
	u64	tx_records;
	u64	tx_bytes;
	u64	rx_records;
	u64	rx_bytes;
	u64	rx_unmarked;
};

/**
 * struct dtls_offload_ops - what a driver does for us
 * @key_add: take a key. Process context; may sleep, may not take RTNL. Return 0
 *	and the driver's own @handle; -ENOSPC when there's no room; any other
 *	errno. The socket then uses software, and its application isn't told
 * @key_del: forget a key, and wipe it. Likewise, but RTNL may be held. No packet
 *	that needs it is handed to the driver any more
 * @get_stats: fill in the counters, zero before; may be NULL. Process context
 */
struct dtls_offload_ops {
	int	(*key_add)(struct net_device *dev,
			   const struct dtls_offload_conf *conf, void **handle);
	void	(*key_del)(struct net_device *dev, void *handle);
	void	(*get_stats)(struct net_device *dev,
			     struct dtls_offload_stats *stats);
};

/**
 * struct dtls_offload_packet - a packet that the device is to encrypt
 * @handle: of the key, as key_add() gave it
 * @offset: where the first record begins, bytes from skb->data
 * @record_len: length of each record but the last, header and tag included,
 *	bytes; the last one ends with the packet
 * @check: what each record must have: where its tag will be, the first 8 bytes
 *	are its epoch and number, exclusive-or this, big-endian. Where they
 *	aren't, somebody has changed the packet, and it must be dropped: its
 *	number may be another record's
 */
struct dtls_offload_packet {
	void	*handle;
	u32	offset;
	u32	record_len;
	u64	check;
};

int dtls_offload_register(struct net_device *dev,
			  const struct dtls_offload_ops *ops,
			  const struct dtls_offload_caps *caps);
void dtls_offload_unregister(struct net_device *dev);
void dtls_offload_set_directions(struct net_device *dev, u32 directions);
int dtls_offload_tx_packet(const struct sk_buff *skb,
			   const struct net_device *dev,
			   struct dtls_offload_packet *packet);
int dtls_offload_encrypt(struct sk_buff *skb);

/**
 * dtls_offload_is_marked() - is this packet one of records in clear?
 * @skb: a packet to be transmitted
 *
 * Context: any.
 * Return: true if it must not leave the device as it is.
 */
static inline bool dtls_offload_is_marked(const struct sk_buff *skb)
{
#ifdef CONFIG_TLS_DEVICE
	/* Without a socket it's nobody's, and dtls_offload_tx_packet() says so. */
	return skb->decrypted &&
	       (!skb->sk || skb->sk->sk_protocol == IPPROTO_UDP);
#else
	return false;
#endif
}

/**
 * dtls_offload_clear_mark() - the device has encrypted it
 * @skb: a marked packet, of which each record is encrypted
 *
 * Context: any.
 */
static inline void dtls_offload_clear_mark(struct sk_buff *skb)
{
#ifdef CONFIG_TLS_DEVICE
	skb->decrypted = 0;
#endif
}

/**
 * dtls_offload_mark_received() - all of its records are authentic, and in clear
 * @skb: one UDP datagram received, and not joined with another
 * @cookie: of the key that opened them: one for all of them
 *
 * Header, explicit nonce and tag stand where they stood; in the place of the
 * ciphertext is what it was made of. The cookie shows that the device which the
 * key is in has set the mark. It's the packet's hash from now on, which steers
 * all packets of an association to the same processor.
 *
 * Context: any.
 */
static inline void dtls_offload_mark_received(struct sk_buff *skb, u32 cookie)
{
#ifdef CONFIG_TLS_DEVICE
	skb->decrypted = 1;
	skb_set_hash(skb, cookie, PKT_HASH_TYPE_L4);
#endif
}

#endif /* _NET_DTLS_OFFLOAD_H */

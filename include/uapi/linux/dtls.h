/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR MIT) */
/*
 * DTLS records on UDP sockets: what linux/tls.h does not say already.
 *
 * A connected UDP socket becomes a DTLS socket by an attach (UDP_ULP, or
 * DTLS_SO_ULP where the kernel has no UDP_ULP of its own). Keys then go in
 * with TLS_TX and TLS_RX at level SOL_TLS, in the structures of linux/tls.h:
 * @version is DTLS_1_2_VERSION, @rec_seq is epoch(16) || sequence number(48),
 * big-endian. Documentation/networking/dtls.rst tells the rest.
 */
#ifndef _UAPI_LINUX_DTLS_H
#define _UAPI_LINUX_DTLS_H

#include <linux/types.h>
#include <linux/tls.h>

/* The wire's version numbers: the ones' complement of those of TLS. */
#define DTLS_1_2_VERSION_MAJOR	0xFE
#define DTLS_1_2_VERSION_MINOR	0xFD
#define DTLS_1_2_VERSION \
	TLS_VERSION_NUMBER(DTLS_1_2)

/* Longest content of one record, bytes (RFC 5246, 6.2.1). */
#define DTLS_MAX_PAYLOAD	16384

/*
 * Attach: setsockopt(fd, SOL_UDP, UDP_ULP, "tls", 4) is the shape of a kernel
 * that has this built in. As a module the same string is taken by
 * setsockopt(fd, SOL_IP, DTLS_SO_ULP, ...) on an AF_INET socket and by
 * setsockopt(fd, SOL_IPV6, DTLS_SO_ULP, ...) on an AF_INET6 socket.
 */
#ifndef UDP_ULP
#define UDP_ULP			131
#endif
#define DTLS_SO_ULP		0x4454
#define DTLS_ULP_NAME		"tls"

/*
 * Options of level SOL_TLS beside those of linux/tls.h, numbered well clear
 * of them. Structures may grow at their end only: pass the length you know.
 */
#define DTLS_PARAMS		64	/* get and set: struct dtls_params */
#define DTLS_RX_WINDOW		65	/* get and set: struct dtls_window */
#define DTLS_STATS		66	/* get: struct dtls_stats */
#define DTLS_INFO		67	/* get: struct dtls_info */
#define DTLS_CID		68	/* get and set: struct dtls_cid */
#define DTLS_LIMITS		69	/* get and set: struct dtls_limits */
#define DTLS_STATE		70	/* get: struct dtls_state */
#define DTLS_RECV		71	/* get and set: __u32, DTLS_RECV_* */
#define DTLS_DROP_EPOCH		72	/* set: __u32, an RX epoch */
#define DTLS_DETACH		73	/* set: __u32, DTLS_DETACH_* */
#define DTLS_OFFLOAD		74	/* get and set: __u32, DTLS_OFFLOAD_* */

/*
 * Control messages of level SOL_TLS beside those of linux/tls.h.
 *
 * DTLS_SET_EPOCH0, to send, without data: the datagram is whole unprotected
 * records of epoch 0, of type 20, 21 or 22, and goes out as it is: the last
 * flight of a handshake, once more (RFC 6347, 4.2.4).
 *
 * DTLS_GET_RECORD, of a record received: struct dtls_record_info.
 */
#define DTLS_SET_EPOCH0		64
#define DTLS_GET_RECORD		65

/*
 * The AEADs that linux/tls.h lacks, in its pattern: AES-256-CCM (RFC 6655), and
 * the CCM suites with a tag of 8 bytes, which must be allowed beforehand
 * (DTLS_PARAM_CCM_8). The write IV goes into @salt; @iv isn't used.
 */
#define DTLS_CIPHER_AES_CCM_256			0x4401
#define DTLS_CIPHER_AES_CCM_256_IV_SIZE		8
#define DTLS_CIPHER_AES_CCM_256_KEY_SIZE	32
#define DTLS_CIPHER_AES_CCM_256_SALT_SIZE	4
#define DTLS_CIPHER_AES_CCM_256_TAG_SIZE	16
#define DTLS_CIPHER_AES_CCM_256_REC_SEQ_SIZE	8

#define DTLS_CIPHER_AES_CCM_8_128		0x4402
#define DTLS_CIPHER_AES_CCM_8_128_IV_SIZE	8
#define DTLS_CIPHER_AES_CCM_8_128_KEY_SIZE	16
#define DTLS_CIPHER_AES_CCM_8_128_SALT_SIZE	4
#define DTLS_CIPHER_AES_CCM_8_128_TAG_SIZE	8
#define DTLS_CIPHER_AES_CCM_8_128_REC_SEQ_SIZE	8

#define DTLS_CIPHER_AES_CCM_8_256		0x4403
#define DTLS_CIPHER_AES_CCM_8_256_IV_SIZE	8
#define DTLS_CIPHER_AES_CCM_8_256_KEY_SIZE	32
#define DTLS_CIPHER_AES_CCM_8_256_SALT_SIZE	4
#define DTLS_CIPHER_AES_CCM_8_256_TAG_SIZE	8
#define DTLS_CIPHER_AES_CCM_8_256_REC_SEQ_SIZE	8

/**
 * struct dtls12_crypto_info_aes_ccm_256 - an AES-256-CCM key
 * @info: version and cipher_type
 * @iv: not used: the explicit nonce is epoch and number
 * @key: the write key
 * @salt: the write IV
 * @rec_seq: epoch(16) || sequence number(48), big-endian
 */
struct dtls12_crypto_info_aes_ccm_256 {
	struct tls_crypto_info info;
	unsigned char iv[DTLS_CIPHER_AES_CCM_256_IV_SIZE];
	unsigned char key[DTLS_CIPHER_AES_CCM_256_KEY_SIZE];
	unsigned char salt[DTLS_CIPHER_AES_CCM_256_SALT_SIZE];
	unsigned char rec_seq[DTLS_CIPHER_AES_CCM_256_REC_SEQ_SIZE];
};

/**
 * struct dtls12_crypto_info_aes_ccm_8_128 - an AES-128-CCM key with tags of 8 bytes
 * @info: version and cipher_type
 * @iv: not used: the explicit nonce is epoch and number
 * @key: the write key
 * @salt: the write IV
 * @rec_seq: epoch(16) || sequence number(48), big-endian
 */
struct dtls12_crypto_info_aes_ccm_8_128 {
	struct tls_crypto_info info;
	unsigned char iv[DTLS_CIPHER_AES_CCM_8_128_IV_SIZE];
	unsigned char key[DTLS_CIPHER_AES_CCM_8_128_KEY_SIZE];
	unsigned char salt[DTLS_CIPHER_AES_CCM_8_128_SALT_SIZE];
	unsigned char rec_seq[DTLS_CIPHER_AES_CCM_8_128_REC_SEQ_SIZE];
};

/**
 * struct dtls12_crypto_info_aes_ccm_8_256 - an AES-256-CCM key with tags of 8 bytes
 * @info: version and cipher_type
 * @iv: not used: the explicit nonce is epoch and number
 * @key: the write key
 * @salt: the write IV
 * @rec_seq: epoch(16) || sequence number(48), big-endian
 */
struct dtls12_crypto_info_aes_ccm_8_256 {
	struct tls_crypto_info info;
	unsigned char iv[DTLS_CIPHER_AES_CCM_8_256_IV_SIZE];
	unsigned char key[DTLS_CIPHER_AES_CCM_8_256_KEY_SIZE];
	unsigned char salt[DTLS_CIPHER_AES_CCM_8_256_SALT_SIZE];
	unsigned char rec_seq[DTLS_CIPHER_AES_CCM_8_256_REC_SEQ_SIZE];
};

/* Width of a replay window, numbers; a power of two. */
#define DTLS_WINDOW_MIN		64
#define DTLS_WINDOW_MAX		8192
#define DTLS_WINDOW_DEFAULT	1024

/* Receiving epochs held at a time, the newest included. */
#define DTLS_RX_EPOCHS_MIN	1
#define DTLS_RX_EPOCHS_MAX	4
#define DTLS_RX_EPOCHS_DEFAULT	2

/* Limits of a record's content: RFC 8449, 4 and RFC 6066, 4. */
#define DTLS_PAYLOAD_LIMIT_MIN	64

/*
 * Allow the ciphers with a tag of 8 bytes. One forgery in 2^64 tries succeeds,
 * not one in 2^128: only for a peer that has nothing better (RFC 9147, 4.5.3).
 */
#define DTLS_PARAM_CCM_8	(1U << 0)
/*
 * A key's limits (struct dtls_limits) are told of, but not enforced; the end of
 * the sequence numbers always is.
 */
#define DTLS_PARAM_SOFT_LIMITS	(1U << 1)

/**
 * struct dtls_params - what must be settled before the first key
 * @window_bits: width of each epoch's replay window, DTLS_WINDOW_MIN to
 *	DTLS_WINDOW_MAX, a power of two
 * @flags: DTLS_PARAM_*, 0 by default
 * @rx_epochs: receiving epochs held at a time, DTLS_RX_EPOCHS_MIN to
 *	DTLS_RX_EPOCHS_MAX: a further key drops the oldest
 * @rx_epoch_ms: how long an epoch is held after the key of the next one came,
 *	milliseconds, < 2^31; 0, the default: until @rx_epochs or DTLS_DROP_EPOCH
 *	drops it
 * @tx_pad: a record with a connection ID is padded so that content and type
 *	are a multiple of so many bytes, as far as @tx_payload_max leaves room;
 *	0 or 1, the default 0: none; at most DTLS_MAX_PAYLOAD
 * @tx_payload_max: longest content to send, with a connection ID type and
 *	padding included, bytes: what the peer takes; DTLS_PAYLOAD_LIMIT_MIN to
 *	DTLS_MAX_PAYLOAD, the default
 * @rx_payload_max: likewise, to receive: longer ones are dropped
 * @reserved: zero
 *
 * A set of the first members only, 8 bytes or more, leaves the others alone.
 */
struct dtls_params {
	__u32	window_bits;
	__u32	flags;
	__u32	rx_epochs;
	__u32	rx_epoch_ms;
	__u32	tx_pad;
	__u32	tx_payload_max;
	__u32	rx_payload_max;
	__u32	reserved;
};

/* Longest connection ID here, bytes. */
#define DTLS_CID_MAX		20

/**
 * struct dtls_cid - connection IDs, set before the first key (RFC 9146)
 * @tx_len: length of the peer's, which each record sent carries, bytes; 0: none
 * @rx_len: length of ours, which each record received must carry; 0: none
 * @reserved: zero
 * @tx: the peer's
 * @rx: ours
 */
struct dtls_cid {
	__u8	tx_len;
	__u8	rx_len;
	__u8	reserved[6];
	__u8	tx[DTLS_CID_MAX];
	__u8	rx[DTLS_CID_MAX];
};

/**
 * struct dtls_limits - how much a key may be used
 * @tx_records: a sending key ends with this many numbers used
 * @tx_warn: event DTLS_EVENT_NEAR with this many numbers used
 * @rx_failures: a receiving key ends after this many records that failed to
 *	authenticate
 * @rx_warn: event DTLS_EVENT_NEAR after this many
 *
 * Set: for the keys there are and those to come; never above what the cipher
 * allows (RFC 9147, 4.5.3 and B; RFC 9325, 4.4). 0: the cipher's own limit; for
 * a warning, seven eighths of the limit. Get: what holds for the newest key of
 * each direction; without a key, what was set.
 */
struct dtls_limits {
	__aligned_u64	tx_records;
	__aligned_u64	tx_warn;
	__aligned_u64	rx_failures;
	__aligned_u64	rx_warn;
};

/*
 * Events, by MSG_ERRQUEUE, if DTLS_RECV_EVENTS is set: a struct
 * sock_extended_err with ee_errno EKEYEXPIRED, ee_origin SO_EE_ORIGIN_DTLS,
 * ee_type TLS_TX or TLS_RX, ee_code DTLS_EVENT_*, ee_info the epoch.
 */
#define SO_EE_ORIGIN_DTLS	0x44
#define DTLS_EVENT_NEAR		1	/* the warning of struct dtls_limits */
#define DTLS_EVENT_END		2	/* the limit */

/*
 * What a reader is given beside the content of authentic records. All are off
 * by default, and may be changed at any time.
 */
/* Each record comes with DTLS_GET_RECORD. */
#define DTLS_RECV_INFO		(1U << 0)
/*
 * Unprotected records of epoch 0, of type 20, 21 or 22: the whole record with
 * its header, anyone's word. At most DTLS_RECV_EPOCH0_MAX wait, beyond which
 * they're dropped as without this flag. They come with DTLS_GET_RECORD
 * (DTLS_RECORD_UNAUTHENTICATED) and without TLS_GET_RECORD_TYPE.
 */
#define DTLS_RECV_EPOCH0	(1U << 1)
#define DTLS_RECV_EPOCH0_MAX	32
/* Events come by MSG_ERRQUEUE; poll() says POLLERR until they're read. */
#define DTLS_RECV_EVENTS	(1U << 2)

/* Nobody authenticated this: the record as it came, header and all. */
#define DTLS_RECORD_UNAUTHENTICATED	(1U << 0)
/* No record of this epoch had a higher number when this one was accepted. */
#define DTLS_RECORD_NEWEST		(1U << 1)

/**
 * struct dtls_record_info - what DTLS_GET_RECORD tells of a record
 * @type: content type
 * @flags: DTLS_RECORD_*
 * @epoch: its epoch
 * @reserved: zero
 * @seq: its sequence number
 */
struct dtls_record_info {
	__u8		type;
	__u8		flags;
	__u16		epoch;
	__u32		reserved;
	__aligned_u64	seq;
};

/**
 * struct dtls_window - which sequence numbers of an epoch were received
 * @epoch: the epoch
 * @reserved: zero
 * @window_bits: on get the width of the window; on set zero
 * @next: the highest number received, plus one; 0: none was
 * @bitmap: bit i (word i / 64, bit i % 64) says that number
 *	@next - 1 - i was received. The length passed may cut this array after
 *	any word: numbers beyond count as received.
 *
 * Set before the key: the TLS_RX of the same epoch begins with this window,
 * and its rec_seq must then carry @epoch and @next. Without it, all numbers
 * below the one in rec_seq count as received.
 */
struct dtls_window {
	__u16		epoch;
	__u16		reserved;
	__u32		window_bits;
	__aligned_u64	next;
	__aligned_u64	bitmap[DTLS_WINDOW_MAX / 64];
};

/**
 * struct dtls_stats - counters of a socket since its attach
 * @rx_delivered: records authenticated, fresh, and queued for recv()
 * @rx_replayed: records refused, number seen before (RFC 6347, 4.1.2.6)
 * @rx_too_old: records refused, number left of the replay window
 * @rx_bad_tag: records refused, authentication failed
 * @rx_wrong_epoch: records refused, of an epoch not, or no longer, held
 * @rx_malformed: datagrams with bytes that form no record that this
 *	association takes; once a datagram
 * @rx_no_key: records refused, of an epoch whose key was not yet installed
 * @rx_error: records lost for want of memory or a failure of the cipher
 * @tx_records: records encrypted
 * @tx_error: records encrypted that the socket then refused to send; their
 *	sequence numbers are not used again
 * @rx_wrong_cid: records refused, without the connection ID that was agreed
 *	on, with another one, or with one where none was
 * @rx_expired: records refused, their key is at its limit or frozen
 * @rx_epoch0: unprotected records of epoch 0 queued for recv()
 * @tx_device: of @tx_records, those that were left to a device to encrypt
 * @tx_fallback: of @tx_device, those that were encrypted in software after
 *	all, as they didn't get to that device
 * @tx_device_drop: packets of records in clear that were dropped where neither
 *	was possible
 * @rx_device: of @rx_delivered, those that a device had decrypted
 * @rx_wrong_mark: datagrams dropped: said to be decrypted, but not by the
 *	device that has the key
 *
 * A refused record moves one of these counters and nothing else.
 */
struct dtls_stats {
	__aligned_u64	rx_delivered;
	__aligned_u64	rx_replayed;
	__aligned_u64	rx_too_old;
	__aligned_u64	rx_bad_tag;
	__aligned_u64	rx_wrong_epoch;
	__aligned_u64	rx_malformed;
	__aligned_u64	rx_no_key;
	__aligned_u64	rx_error;
	__aligned_u64	tx_records;
	__aligned_u64	tx_error;
	__aligned_u64	rx_wrong_cid;
	__aligned_u64	rx_expired;
	__aligned_u64	rx_epoch0;
	__aligned_u64	tx_device;
	__aligned_u64	tx_fallback;
	__aligned_u64	tx_device_drop;
	__aligned_u64	rx_device;
	__aligned_u64	rx_wrong_mark;
};

/*
 * Take the state for another socket to go on with: this direction is at its
 * end for good. Sending gives EKEYREVOKED, and takes no further key; records
 * received count as rx_expired.
 */
#define DTLS_STATE_FREEZE	(1U << 0)

/**
 * struct dtls_state - how far a key is; never the key
 * @epoch: in: which epoch
 * @direction: in: TLS_TX or TLS_RX
 * @flags: in: DTLS_STATE_FREEZE or 0
 * @window_bits: RX: width of the replay window
 * @next: TX: number of the next record; RX: the highest number received, plus
 *	one; 2^48 at the end
 * @records: TX: records sealed; RX: records delivered; with this key here
 * @failures: RX: records that failed to authenticate
 * @limit: where the key ends: numbers (TX) or failures (RX)
 * @warn: where the event DTLS_EVENT_NEAR comes
 * @bitmap: RX: as of struct dtls_window. The length passed may cut this array
 *	after any word.
 *
 * To go on with it: DTLS_PARAMS, DTLS_CID and DTLS_LIMITS as before; for each
 * RX epoch, from the oldest, DTLS_RX_WINDOW with @epoch, @next and @bitmap and
 * TLS_RX with the key, @epoch and @next; TLS_TX with key, @epoch and @next.
 */
struct dtls_state {
	__u16		epoch;
	__u8		direction;
	__u8		flags;
	__u32		window_bits;
	__aligned_u64	next;
	__aligned_u64	records;
	__aligned_u64	failures;
	__aligned_u64	limit;
	__aligned_u64	warn;
	__aligned_u64	bitmap[DTLS_WINDOW_MAX / 64];
};

/*
 * DTLS_DETACH: the keys are wiped and all parameters begin anew; datagrams are
 * received as they come; sending gives ENOKEY until a further key is installed
 * or the application says that it wants plaintext on the wire.
 */
#define DTLS_DETACH_REFUSE	1	/* detach; sending gives ENOKEY */
#define DTLS_DETACH_PLAINTEXT	2	/* detach, or after it: send plaintext */

/*
 * DTLS_OFFLOAD: which directions may be left to a network card. Both are, where
 * one offers it: its key goes there as it's installed. A direction that's
 * switched off is software's at once; one that's switched on is for keys to
 * come.
 */
#define DTLS_OFFLOAD_TX		(1U << 0)
#define DTLS_OFFLOAD_RX		(1U << 1)

/**
 * struct dtls_info - what a socket is doing; never a key
 * @version: DTLS_1_2_VERSION, or 0 before the first key
 * @tx_cipher: TLS_CIPHER_* of the sending direction, 0 without a key
 * @rx_cipher: TLS_CIPHER_* of the newest receiving epoch, 0 without a key
 * @tx_epoch: epoch of the sending key
 * @rx_epoch: newest epoch of the receiving direction
 * @tx_overhead: bytes that a record adds to its content when sent, without
 *	padding
 * @tx_payload: content of the longest record that the route to the peer takes
 *	in one piece now, bytes; 0 without a key, or without a route
 * @tx_next: sequence number of the next record to be sent; for information:
 *	other senders go on taking numbers
 * @tx_conf: who encrypts with the sending key: TLS_CONF_SW, or TLS_CONF_HW if
 *	a device does; 0 without a key
 * @rx_conf: likewise, who decrypts with the newest receiving key
 * @reserved: 0
 */
struct dtls_info {
	__u16		version;
	__u16		tx_cipher;
	__u16		rx_cipher;
	__u16		tx_epoch;
	__u16		rx_epoch;
	__u16		tx_overhead;
	__u32		tx_payload;
	__aligned_u64	tx_next;
	__u16		tx_conf;
	__u16		rx_conf;
	__u32		reserved;
};

#endif /* _UAPI_LINUX_DTLS_H */

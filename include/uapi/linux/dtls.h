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

/*
 * Allow the ciphers with a tag of 8 bytes. One forgery in 2^64 tries succeeds,
 * not one in 2^128: only for a peer that has nothing better (RFC 9147, 4.5.3).
 */
#define DTLS_PARAM_CCM_8	(1U << 0)

/**
 * struct dtls_params - what must be settled before the first key
 * @window_bits: width of each epoch's replay window, DTLS_WINDOW_MIN to
 *	DTLS_WINDOW_MAX, a power of two
 * @flags: DTLS_PARAM_*, 0 by default
 */
struct dtls_params {
	__u32	window_bits;
	__u32	flags;
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
};

/**
 * struct dtls_info - what a socket is doing; never a key
 * @version: DTLS_1_2_VERSION, or 0 before the first key
 * @tx_cipher: TLS_CIPHER_* of the sending direction, 0 without a key
 * @rx_cipher: TLS_CIPHER_* of the newest receiving epoch, 0 without a key
 * @tx_epoch: epoch of the sending key
 * @rx_epoch: newest epoch of the receiving direction
 * @tx_overhead: bytes that a record adds to its content when sent
 * @reserved: zero
 * @tx_next: sequence number of the next record to be sent; for information:
 *	other senders go on taking numbers
 */
struct dtls_info {
	__u16		version;
	__u16		tx_cipher;
	__u16		rx_cipher;
	__u16		tx_epoch;
	__u16		rx_epoch;
	__u16		tx_overhead;
	__u32		reserved;
	__aligned_u64	tx_next;
};

#endif /* _UAPI_LINUX_DTLS_H */

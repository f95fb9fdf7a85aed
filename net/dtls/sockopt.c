// SPDX-License-Identifier: GPL-2.0
/* setsockopt() and getsockopt() of an attached socket, by tables. */
#include <linux/slab.h>
#include <linux/sockptr.h>
#include <linux/unaligned.h>
#include <linux/udp.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#include <linux/dtls.h>

#include "assoc.h"
#include "context.h"
#include "sockopt.h"

#define WINDOW_HEADER_LEN	offsetof(struct dtls_window, bitmap)

static_assert(sizeof(struct dtls12_crypto_info_aes_ccm_256) == 56);
static_assert(sizeof(struct dtls12_crypto_info_aes_ccm_8_128) == 40);
static_assert(sizeof(struct dtls12_crypto_info_aes_ccm_8_256) == 56);
static_assert(sizeof(struct dtls_params) == 8);
static_assert(sizeof(struct dtls_window) == 16 + DTLS_WINDOW_MAX / 8);
static_assert(sizeof(struct dtls_stats) == 80);
static_assert(sizeof(struct dtls_info) == 24);

static_assert(DTLS_WINDOW_MIN == DTLS_REPLAY_BITS_MIN);
static_assert(DTLS_WINDOW_MAX == DTLS_REPLAY_BITS_MAX);
static_assert(DTLS_MAX_PAYLOAD == DTLS_RECORD_PAYLOAD_MAX);

/* A tls12_crypto_info structure of any cipher. */
union crypto_info {
	u8			bytes[DTLS_CIPHER_INFO_MAX];
	struct tls_crypto_info	info;
};

static int put_prefix(char __user *optval, int __user *optlen, int len,
		      const void *from, int size)
{
	len = min(len, size);
	if (copy_to_user(optval, from, len))
		return -EFAULT;
	return put_user(len, optlen) ? -EFAULT : 0;
}

static int copy_key(sockptr_t optval, unsigned int optlen,
		    union crypto_info *key, const struct dtls_cipher **cipher)
{
	if (optlen < sizeof(key->info))
		return -EINVAL;
	if (copy_from_sockptr(&key->info, optval, sizeof(key->info)))
		return -EFAULT;
	if (key->info.version != DTLS_1_2_VERSION)
		return -EPROTONOSUPPORT;
	*cipher = dtls_cipher_find(key->info.cipher_type);
	if (!*cipher)
		return -EOPNOTSUPP;
	if (optlen != (*cipher)->info_len)
		return -EINVAL;
	return copy_from_sockptr(key->bytes, optval, optlen) ? -EFAULT : 0;
}

static int install_key(struct sock *sk, int optname,
		       const union crypto_info *key,
		       const struct dtls_cipher *cipher)
{
	struct dtls_assoc *assoc = dtls_context(sk)->assoc;
	u64 number = get_unaligned_be64(key->bytes + cipher->rec_seq_offset);
	struct dtls_aead *aead;
	int err;

	/* RFC 6347, 4.1: epoch 0 is that of the unprotected handshake. */
	if (!dtls_record_epoch(number))
		return -EINVAL;
	if (READ_ONCE(sk->sk_state) != TCP_ESTABLISHED)
		return -ENOTCONN;

	aead = dtls_aead_alloc(cipher, key->bytes + cipher->key_offset,
			       key->bytes + cipher->fixed_iv_offset);
	if (IS_ERR(aead))
		return PTR_ERR(aead);
	err = optname == TLS_TX ? dtls_assoc_install_tx(assoc, aead, number) :
				  dtls_assoc_install_rx(assoc, aead, number);
	if (err)
		dtls_aead_free(aead);
	return err;
}

static int set_key(struct sock *sk, int optname, sockptr_t optval,
		   unsigned int optlen)
{
	const struct dtls_cipher *cipher;
	union crypto_info key;
	int err;

	err = copy_key(optval, optlen, &key, &cipher);
	if (!err)
		err = install_key(sk, optname, &key, cipher);
	memzero_explicit(&key, sizeof(key));
	return err;
}

static struct dtls_epoch *get_newest(struct dtls_assoc *assoc, int optname)
{
	return optname == TLS_TX ? dtls_assoc_get_tx(assoc) :
				   dtls_assoc_get_newest_rx(assoc);
}

/* What a key is for, and how far it is; never the key. */
static int get_key(struct sock *sk, int optname, char __user *optval,
		   int __user *optlen, int len)
{
	struct dtls_assoc *assoc = dtls_context(sk)->assoc;
	const struct dtls_cipher *cipher;
	union crypto_info key = {};
	struct dtls_epoch *epoch;
	u64 seq;
	u16 nr;

	epoch = get_newest(assoc, optname);
	if (!epoch)
		return -ENOENT;
	cipher = dtls_aead_cipher(epoch->aead);
	seq = dtls_epoch_next_seq(epoch);
	nr = epoch->epoch;
	dtls_epoch_put(epoch);
	/* There's no next number that rec_seq could hold. */
	if (seq > DTLS_RECORD_SEQ_MAX)
		return -EKEYEXPIRED;

	key.info.version = DTLS_1_2_VERSION;
	key.info.cipher_type = cipher->type;
	put_unaligned_be64(dtls_record_number(nr, seq),
			   key.bytes + cipher->rec_seq_offset);
	if (len != sizeof(key.info) && len != cipher->info_len)
		return -EINVAL;
	return put_prefix(optval, optlen, len, &key, len);
}

static int set_params(struct sock *sk, int optname, sockptr_t optval,
		      unsigned int optlen)
{
	struct dtls_params params;

	if (optlen != sizeof(params))
		return -EINVAL;
	if (copy_from_sockptr(&params, optval, sizeof(params)))
		return -EFAULT;
	return dtls_assoc_set_params(dtls_context(sk)->assoc,
				     params.window_bits, params.flags);
}

static int get_params(struct sock *sk, int optname, char __user *optval,
		      int __user *optlen, int len)
{
	const struct dtls_assoc *assoc = dtls_context(sk)->assoc;
	struct dtls_params params = {
		.window_bits = READ_ONCE(assoc->window_bits),
		.flags = READ_ONCE(assoc->flags),
	};

	return put_prefix(optval, optlen, len, &params, sizeof(params));
}

/* Words of bitmap in a window of this length, or -EINVAL. */
static int window_words(size_t len)
{
	if (len < WINDOW_HEADER_LEN || len > sizeof(struct dtls_window) ||
	    len % sizeof(u64))
		return -EINVAL;
	return (len - WINDOW_HEADER_LEN) / sizeof(u64);
}

static bool window_is_valid(const struct dtls_window *window, int words)
{
	u64 i;

	if (!window->epoch || window->reserved || window->window_bits ||
	    window->next > DTLS_RECORD_SEQ_MAX + 1)
		return false;
	/* No number below zero was received. */
	for (i = window->next; i < (u64)words * 64; i++)
		if (window->bitmap[i / 64] & 1ULL << (i % 64))
			return false;
	return true;
}

static int set_window(struct sock *sk, int optname, sockptr_t optval,
		      unsigned int optlen)
{
	int words = window_words(optlen);
	struct dtls_window *window;
	int err;

	if (words < 0)
		return words;
	window = kzalloc(sizeof(*window), GFP_KERNEL);
	if (!window)
		return -ENOMEM;

	err = -EFAULT;
	if (copy_from_sockptr(window, optval, optlen))
		goto free_window;
	err = -EINVAL;
	if (window_is_valid(window, words))
		err = dtls_assoc_stage_window(dtls_context(sk)->assoc, window,
					      words);
free_window:
	kfree(window);
	return err;
}

static int get_window(struct sock *sk, int optname, char __user *optval,
		      int __user *optlen, int len)
{
	struct dtls_window *window;
	int err, words;

	len = min_t(int, len, sizeof(*window));
	words = window_words(len);
	if (words < 0)
		return words;
	window = kzalloc(sizeof(*window), GFP_KERNEL);
	if (!window)
		return -ENOMEM;

	err = -EFAULT;
	if (copy_from_user(&window->epoch, optval, sizeof(window->epoch)))
		goto free_window;
	err = dtls_assoc_store_window(dtls_context(sk)->assoc, window, words);
	if (!err)
		err = put_prefix(optval, optlen, len, window, len);
free_window:
	kfree(window);
	return err;
}

static int get_stats(struct sock *sk, int optname, char __user *optval,
		     int __user *optlen, int len)
{
	struct dtls_stats stats;

	dtls_stats_fill(&dtls_context(sk)->assoc->counters, &stats);
	return put_prefix(optval, optlen, len, &stats, sizeof(stats));
}

static void fill_tx_info(struct dtls_assoc *assoc, struct dtls_info *info)
{
	struct dtls_epoch *epoch = dtls_assoc_get_tx(assoc);
	const struct dtls_cipher *cipher;

	if (!epoch)
		return;
	cipher = dtls_aead_cipher(epoch->aead);
	info->version = DTLS_1_2_VERSION;
	info->tx_cipher = cipher->type;
	info->tx_epoch = epoch->epoch;
	info->tx_overhead = DTLS_RECORD_HEADER_LEN +
			    dtls_cipher_expansion(cipher);
	info->tx_next = dtls_epoch_next_seq(epoch);
	dtls_epoch_put(epoch);
}

static void fill_rx_info(struct dtls_assoc *assoc, struct dtls_info *info)
{
	struct dtls_epoch *epoch = dtls_assoc_get_newest_rx(assoc);

	if (!epoch)
		return;
	info->version = DTLS_1_2_VERSION;
	info->rx_cipher = dtls_aead_cipher(epoch->aead)->type;
	info->rx_epoch = epoch->epoch;
	dtls_epoch_put(epoch);
}

static int get_info(struct sock *sk, int optname, char __user *optval,
		    int __user *optlen, int len)
{
	struct dtls_assoc *assoc = dtls_context(sk)->assoc;
	struct dtls_info info = {};

	fill_tx_info(assoc, &info);
	fill_rx_info(assoc, &info);
	return put_prefix(optval, optlen, len, &info, sizeof(info));
}

static const struct {
	int	optname;
	int	(*set)(struct sock *sk, int optname, sockptr_t optval,
		       unsigned int optlen);
	int	(*get)(struct sock *sk, int optname, char __user *optval,
		       int __user *optlen, int len);
} options[] = {
	{ TLS_TX,		set_key,	get_key },
	{ TLS_RX,		set_key,	get_key },
	{ DTLS_PARAMS,		set_params,	get_params },
	{ DTLS_RX_WINDOW,	set_window,	get_window },
	{ DTLS_STATS,		NULL,		get_stats },
	{ DTLS_INFO,		NULL,		get_info },
};

/*
 * UDP's and IPv6's options that would get between us and the wire: another
 * layout of datagrams, another owner of the socket, or UDP's own operations
 * back, and with them plaintext (IPV6_ADDRFORM).
 */
static const struct {
	int	level;
	int	optname;
	bool	may_clear;
} refused_options[] = {
	{ SOL_UDP,	UDP_CORK,	true },
	{ SOL_UDP,	UDP_SEGMENT,	true },
	{ SOL_UDP,	UDP_GRO,	true },
	{ SOL_UDP,	UDP_ENCAP,	false },
	{ SOL_IPV6,	IPV6_ADDRFORM,	false },
};

static int set_base(struct sock *sk, int level, int optname, sockptr_t optval,
		    unsigned int optlen)
{
	const struct proto *base = dtls_context(sk)->base_prot;

	return base->setsockopt(sk, level, optname, optval, optlen);
}

/* Set to 0 it's no harm; but UDP must see the 0 that we saw. */
static int clear_base(struct sock *sk, int level, int optname, sockptr_t optval,
		      unsigned int optlen)
{
	int val;

	if (optlen < sizeof(val))
		return -EINVAL;
	if (copy_from_sockptr(&val, optval, sizeof(val)))
		return -EFAULT;
	if (val)
		return -EOPNOTSUPP;
	return set_base(sk, level, optname, KERNEL_SOCKPTR(&val), sizeof(val));
}

/* An option that's UDP's or IP's. */
static int set_other(struct sock *sk, int level, int optname, sockptr_t optval,
		     unsigned int optlen)
{
	/* UDP takes the one for the other. */
	int udp_level = level == SOL_UDPLITE ? SOL_UDP : level;
	size_t i;

	if (level == SOL_UDP && optname == UDP_ULP)
		return -EEXIST;
	for (i = 0; i < ARRAY_SIZE(refused_options); i++) {
		if (refused_options[i].level != udp_level ||
		    refused_options[i].optname != optname)
			continue;
		if (!refused_options[i].may_clear)
			return -EOPNOTSUPP;
		return clear_base(sk, level, optname, optval, optlen);
	}
	return set_base(sk, level, optname, optval, optlen);
}

/**
 * dtls_sockopt_set() - setsockopt() of an attached socket
 * @sk: the socket
 * @level: SOL_TLS is ours, the rest goes to UDP
 * @optname: TLS_TX, TLS_RX, DTLS_PARAMS, DTLS_RX_WINDOW
 * @optval: the option's structure
 * @optlen: its length, bytes
 *
 * Context: process.
 * Return: 0; -ENOPROTOOPT for an option that we don't have; else as
 *	Documentation/networking/dtls.rst says for each. After an error nothing
 *	has changed.
 */
int dtls_sockopt_set(struct sock *sk, int level, int optname, sockptr_t optval,
		     unsigned int optlen)
{
	size_t i;

	if (level != SOL_TLS)
		return set_other(sk, level, optname, optval, optlen);
	for (i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].optname == optname && options[i].set)
			return options[i].set(sk, optname, optval, optlen);
	return -ENOPROTOOPT;
}

/**
 * dtls_sockopt_get() - getsockopt() of an attached socket
 * @sk: the socket
 * @level: SOL_TLS is ours, the rest goes to UDP
 * @optname: TLS_TX, TLS_RX, DTLS_PARAMS, DTLS_RX_WINDOW, DTLS_STATS, DTLS_INFO
 * @optval: where the option's structure goes
 * @optlen: room there, bytes; then the bytes filled in
 *
 * Context: process.
 * Return: 0; -ENOPROTOOPT for an option that we don't have; -ENOENT for a key
 *	that isn't there; -EINVAL; -EFAULT; -ENOMEM.
 */
int dtls_sockopt_get(struct sock *sk, int level, int optname,
		     char __user *optval, int __user *optlen)
{
	size_t i;
	int len;

	if (level != SOL_TLS)
		return dtls_context(sk)->base_prot->getsockopt(sk, level,
							       optname, optval,
							       optlen);
	if (get_user(len, optlen))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].optname == optname)
			return options[i].get(sk, optname, optval, optlen, len);
	return -ENOPROTOOPT;
}

/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_ASSOC_H
#define _DTLS_ASSOC_H

#include <linux/cache.h>
#include <linux/mutex.h>

#include "epoch.h"
#include "stats.h"

struct dtls_window;

/* The newest one and the one before, whose records may still be under way. */
#define DTLS_ASSOC_RX_EPOCHS	2

/**
 * struct dtls_assoc - one DTLS association
 * @tx: the sending key, or NULL; written under @key_lock
 * @rx: the receiving keys, newest first, or NULL; written under @key_lock
 * @window_bits: width of the windows to come; written under @key_lock
 * @flags: DTLS_PARAM_*; written under @key_lock
 * @has_keys: a key was installed once: parameters stand; under @key_lock
 * @staged: the window that the next receiving key begins with, or NULL; under
 *	@key_lock
 * @staged_words: words of @staged's bitmap that are valid; under @key_lock
 * @key_lock: serialises the installing of keys and parameters
 * @counters: what happened to its records
 */
struct dtls_assoc {
	struct dtls_epoch __rcu	*tx;
	struct dtls_epoch __rcu	*rx[DTLS_ASSOC_RX_EPOCHS];
	u32			window_bits;
	u32			flags;
	bool			has_keys;
	struct dtls_window	*staged;
	u32			staged_words;
	struct mutex		key_lock;
	struct dtls_counters	counters ____cacheline_aligned_in_smp;
};

struct dtls_assoc *dtls_assoc_alloc(const struct net *net);
void dtls_assoc_free(struct dtls_assoc *assoc);
void dtls_assoc_uncount(struct dtls_assoc *assoc);
void dtls_assoc_drop_keys(struct dtls_assoc *assoc);

int dtls_assoc_set_params(struct dtls_assoc *assoc, u32 window_bits, u32 flags);
int dtls_assoc_stage_window(struct dtls_assoc *assoc,
			    const struct dtls_window *window, u32 words);
int dtls_assoc_store_window(struct dtls_assoc *assoc,
			    struct dtls_window *window, u32 words);

int dtls_assoc_install_tx(struct dtls_assoc *assoc, struct dtls_aead *aead,
			  u64 number);
int dtls_assoc_install_rx(struct dtls_assoc *assoc, struct dtls_aead *aead,
			  u64 number);

bool dtls_assoc_has_tx(const struct dtls_assoc *assoc);
bool dtls_assoc_has_rx(const struct dtls_assoc *assoc);
struct dtls_epoch *dtls_assoc_get_tx(struct dtls_assoc *assoc);
struct dtls_epoch *dtls_assoc_get_newest_rx(struct dtls_assoc *assoc);
int dtls_assoc_get_rx(struct dtls_assoc *assoc, u16 number,
		      struct dtls_epoch **found);

#endif /* _DTLS_ASSOC_H */

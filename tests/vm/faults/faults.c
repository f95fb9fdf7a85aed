// SPDX-License-Identifier: GPL-2.0
/*
 * What the debug kernel has to find, one fault after the other as the module
 * is loaded: tests/vm/selftest looks for a report of each.
 */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#define SIZE 40

static DEFINE_MUTEX(first);
static DEFINE_MUTEX(second);
static DEFINE_SPINLOCK(spin);

static void lock_in_both_orders(void)
{
	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);

	mutex_lock(&second);
	mutex_lock(&first);
	mutex_unlock(&first);
	mutex_unlock(&second);
}

static void sleep_in_atomic(void)
{
	void *memory;

	spin_lock(&spin);
	memory = kmalloc(SIZE, GFP_KERNEL);
	spin_unlock(&spin);
	kfree(memory);
}

/* By its own name in the report. */
static noinline void write_past_the_end(void)
{
	char *memory = kmalloc(SIZE, GFP_KERNEL);

	/* Else the compiler sees it. */
	OPTIMIZER_HIDE_VAR(memory);
	if (memory)
		memory[SIZE] = 0;
	kfree(memory);
}

static void leak(void)
{
	void *memory;
	int i;

	/* Of one, a copy of the pointer could be left in a stack. */
	for (i = 0; i < 8; i++) {
		memory = kmalloc(SIZE, GFP_KERNEL);
		OPTIMIZER_HIDE_VAR(memory);
	}
}

static int __init faults_init(void)
{
	/* First, as lockdep is off after any report. */
	lock_in_both_orders();
	sleep_in_atomic();
	write_past_the_end();
	leak();
	return 0;
}
module_init(faults_init);

MODULE_DESCRIPTION("Faults that a debug kernel has to find");
MODULE_LICENSE("GPL");

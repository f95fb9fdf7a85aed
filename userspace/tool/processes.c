// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "processes.h"

struct list {
	struct holder *holders;
	size_t count;
	size_t room;
};

static bool add(struct list *list, const struct holder *holder)
{
	size_t room = list->room ? 2 * list->room : 256;
	struct holder *more;

	if (list->count == list->room) {
		more = reallocarray(list->holders, room, sizeof(*more));
		if (!more)
			return false;
		list->holders = more;
		list->room = room;
	}
	list->holders[list->count++] = *holder;
	return true;
}

/* The next entry that's a number; false: there's none. */
static bool next_number(DIR *folder, unsigned int *number)
{
	struct dirent *entry;

	while ((entry = readdir(folder))) {
		if (!isdigit((unsigned char)*entry->d_name))
			continue;
		*number = strtoul(entry->d_name, NULL, 10);
		return true;
	}
	return false;
}

static void read_name(struct holder *holder)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/comm", holder->pid);
	file = fopen(path, "re");
	if (!file || !fgets(holder->name, sizeof(holder->name), file))
		snprintf(holder->name, sizeof(holder->name), "?");
	holder->name[strcspn(holder->name, "\n")] = '\0';
	if (file)
		fclose(file);
}

static bool read_process(struct list *list, unsigned int pid)
{
	struct holder holder = { .pid = pid };
	char path[64], target[64];
	DIR *folder;
	ssize_t n;
	bool good = true;

	snprintf(path, sizeof(path), "/proc/%u/fd", pid);
	folder = opendir(path);
	/* Gone meanwhile, or not ours to see. */
	if (!folder)
		return true;
	read_name(&holder);
	while (good && next_number(folder, &holder.fd)) {
		snprintf(path, sizeof(path), "%u", holder.fd);
		n = readlinkat(dirfd(folder), path, target, sizeof(target) - 1);
		if (n < 0)
			continue;
		target[n] = '\0';
		if (sscanf(target, "socket:[%u]", &holder.inode) == 1)
			good = add(list, &holder);
	}
	closedir(folder);
	return good;
}

static int by_inode(const void *a, const void *b)
{
	const struct holder *x = a, *y = b;

	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

struct holder *processes_get(size_t *count)
{
	struct list list = { 0 };
	DIR *folder = opendir("/proc");
	unsigned int pid;
	bool good = folder;

	while (good && next_number(folder, &pid))
		good = read_process(&list, pid);
	if (folder)
		closedir(folder);
	if (!good) {
		free(list.holders);
		return NULL;
	}
	/* Empty isn't failed. */
	if (!list.holders)
		return calloc(1, sizeof(*list.holders));
	qsort(list.holders, list.count, sizeof(*list.holders), by_inode);
	*count = list.count;
	return list.holders;
}

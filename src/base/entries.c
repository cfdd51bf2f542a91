/* getdents64(2) into a buffer of the caller's: readdir(3) wants memory. */
#include "base/entries.h"

#include <string.h>
#include <sys/syscall.h>

#include "base/sys.h"

CHILD void entries_begin(struct entries *e, int dir)
{
	e->dir = dir;
	e->filled = e->at = 0;
}

CHILD int entries_next(struct entries *e, const struct entry **ret_entry)
{
	for (;;) {
		const struct entry *entry;

		if (e->at == e->filled) {
			e->at = 0;
			e->filled = SYS_CALL(SYS_getdents64, e->dir, e->buffer, sizeof(e->buffer));
			if (e->filled <= 0)
				return (int)e->filled;
		}
		entry = (const void *)(e->buffer + e->at);
		e->at += entry->length;
		if (strcmp(entry->name, ".") != 0 && strcmp(entry->name, "..") != 0) {
			*ret_entry = entry;
			return 1;
		}
	}
}

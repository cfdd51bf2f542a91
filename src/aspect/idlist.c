/* Lists of numbers: one pass over the elements, each copied into a small buffer because base/text parses whole strings. */
#include "aspect/idlist.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"

/* One number of @length characters; leading zeros beyond the buffer are not worth accepting. */
static int parse_number(const char *s, size_t length, uint32_t *ret_value)
{
	char digits[TEXT_NUMBER_MAX];
	int r;

	if (length == 0 || length >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, s, length);
	digits[length] = '\0';
	r = text_to_u32(digits, ret_value);
	if (r < 0)
		return r;
	return *ret_value < IDLIST_MAX ? 0 : -ERANGE;
}

static int add_element(struct idlist *list, const char *s, size_t length)
{
	const char *dash = memchr(s, '-', length);
	size_t first_length = dash ? (size_t)(dash - s) : length;
	uint32_t first, last;
	int r;

	r = parse_number(s, first_length, &first);
	if (r < 0)
		return r;
	last = first;
	if (dash)
		r = parse_number(dash + 1, length - first_length - 1, &last);
	if (r < 0)
		return r;
	if (last < first)
		return -EINVAL;
	for (uint32_t i = first; i <= last; i++)
		list->bits[i / IDLIST_WORD] |= 1ul << (i % IDLIST_WORD);
	return 0;
}

int idlist_parse(const char *text, struct idlist *ret_list)
{
	struct idlist list;

	memset(&list, 0, sizeof(list));
	for (;;) {
		size_t length = strcspn(text, ",");
		int r = add_element(&list, text, length);

		if (r < 0)
			return r;
		if (text[length] == '\0')
			break;
		text += length + 1;
	}
	*ret_list = list;
	return 0;
}

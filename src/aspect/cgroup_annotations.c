/*
 * The annotations org.systemd.property.NAME: properties of the container's unit, their values in the text format of GVariant:
 * true, 5, uint64 5, 'text', ['a', 'b'], [uint64 1, 2], @as [].
 *
 * Scalars and arrays of them are understood. A name that ends in Sec is one of systemd's unit files: its value in seconds becomes that of the D-Bus
 * property, whose name ends in USec.
 */
#include <inttypes.h>
#include <string.h>

#include "aspect/cgroup_systemd.h"
#include "base/scope.h"
#include "base/text.h"

#define PREFIX "org.systemd.property."

enum { ARRAY_MAX = 256, USEC_DIGITS = 6 };

/* The words for types, and the characters of D-Bus signatures. */
static const struct {
	const char *word;
	char type;
} types[] = {
	{ "boolean", 'b' }, { "byte", 'y' }, { "int16", 'n' }, { "uint16", 'q' }, { "int32", 'i' }, { "uint32", 'u' }, { "int64", 'x' },
	{ "uint64", 't' }, { "double", 'd' }, { "string", 's' }, { "objectpath", 'o' }, { "signature", 'g' },
};

/* Where a parser stands. @type: of the scalars, 0: not known yet */
struct parser {
	const char *at;
	struct arena *arena;
	char type;
	const char *values[ARRAY_MAX];
	size_t n;
};

static void skip_space(struct parser *p)
{
	p->at += strspn(p->at, " \t\n");
}

/* 'text' or "text"; a backslash takes the next character as it is. */
static bool parse_string(struct parser *p)
{
	char quote = *p->at++, *out = arena_alloc(p->arena, strlen(p->at) + 1), *end = out;

	while (*p->at && *p->at != quote) {
		if (*p->at == '\\' && p->at[1])
			p->at++;
		*end++ = *p->at++;
	}
	if (*p->at != quote)
		return false;
	p->at++;
	if (p->type == 0)
		p->type = 's';
	p->values[p->n++] = out;
	return strchr("sog", p->type) != NULL;
}

static bool number_fits(char type, const char *word)
{
	uint64_t positive;
	int64_t any;

	if (strchr("ytqu", type)) {
		uint64_t max = type == 'y' ? UINT8_MAX : type == 'q' ? UINT16_MAX : type == 'u' ? UINT32_MAX : UINT64_MAX;

		return text_to_u64(word, &positive) == 0 && positive <= max;
	}
	if (text_to_i64(word, &any) < 0)
		return false;
	return type == 'n' ? any >= INT16_MIN && any <= INT16_MAX : type == 'i' ? any >= INT32_MIN && any <= INT32_MAX : type == 'x';
}

/* digits, one point, digits */
static bool is_decimal(const char *word)
{
	size_t whole = strspn(word, "0123456789"), part = word[whole] == '.' ? strspn(word + whole + 1, "0123456789") : 0;

	return whole + part > 0 && word[whole + (word[whole] == '.') + part] == '\0';
}

/* true, false, a number, or the word for a type before one of them */
static bool parse_word(struct parser *p)
{
	size_t length = strcspn(p->at, " \t\n,]");
	char *word = arena_strndup(p->arena, p->at, length);

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (!text_equal(types[i].word, word))
			continue;
		if (p->type && p->type != types[i].type)
			return false;
		p->type = types[i].type;
		p->at += length;
		skip_space(p);
		length = strcspn(p->at, " \t\n,]");
		word = arena_strndup(p->arena, p->at, length);
		if (*p->at == '\'' || *p->at == '"')
			return parse_string(p);
		break;
	}
	p->at += length;
	if (p->type == 0)
		p->type = text_equal(word, "true") || text_equal(word, "false") ? 'b' : strchr(word, '.') ? 'd' : 'i';
	p->values[p->n++] = word;
	if (p->type == 'b')
		return text_equal(word, "true") || text_equal(word, "false");
	return p->type == 'd' ? is_decimal(word) : number_fits(p->type, word);
}

static bool parse_scalar(struct parser *p)
{
	skip_space(p);
	if (p->n == ARRAY_MAX)
		return false;
	return *p->at == '\'' || *p->at == '"' ? parse_string(p) : parse_word(p);
}

static bool parse_array(struct parser *p)
{
	p->at++;
	skip_space(p);
	while (*p->at && *p->at != ']') {
		if (!parse_scalar(p))
			return false;
		skip_space(p);
		if (*p->at == ',')
			p->at++;
		else if (*p->at != ']')
			return false;
		skip_space(p);
	}
	return *p->at++ == ']' && p->type;
}

/* A whole text. @ret_array: it is an array */
static bool parse_text(struct parser *p, bool *ret_array)
{
	bool ok;

	skip_space(p);
	if (p->at[0] == '@' && p->at[1] == 'a' && p->at[2] && strchr("bynqiuxtsogd", p->at[2])) {
		p->type = p->at[2];
		p->at += 3;
		skip_space(p);
		if (*p->at != '[')
			return false;
	}
	*ret_array = *p->at == '[';
	ok = *ret_array ? parse_array(p) : parse_scalar(p);
	skip_space(p);
	return ok && *p->at == '\0';
}

/* Letters, the first one upper case. */
static bool is_property_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	return name[0] >= 'A' && name[0] <= 'Z' && strlen(name) >= 3 && name[strspn(name, letters)] == '\0';
}

/* TimeoutStopSec, but not a name in USec */
static bool is_seconds(const char *name)
{
	size_t length = strlen(name);

	return length > 3 && text_equal(name + length - 3, "Sec") && name[length - 4] >= 'a' && name[length - 4] <= 'z';
}

/* "1.5" as "1500000"; NULL: that is no number of seconds */
static const char *microseconds(struct arena *arena, const char *value)
{
	size_t whole = strcspn(value, "."), digits;
	char fraction[USEC_DIGITS + 1] = "000000";
	const char *text;
	uint64_t unused;

	if (!is_decimal(value))
		return NULL;
	digits = value[whole] ? strlen(value + whole + 1) : 0;
	for (size_t i = 0; i < digits && i < USEC_DIGITS; i++)
		fraction[i] = value[whole + 1 + i];
	text = arena_printf(arena, "%.*s%s", (int)whole, value, fraction);
	while (text[0] == '0' && text[1])
		text++;
	return text_to_u64(text, &unused) == 0 ? text : NULL;
}

static int add_property(const char *name, const char *value, struct arena *arena, struct error *error, struct systemd_properties *list)
{
	struct parser p = { .at = value, .arena = arena };
	struct systemd_property *property;
	bool array;

	if (!is_property_name(name))
		return fail(error, 0, "annotations: '" PREFIX "%s': '%s' is no name of a systemd property", name, name);
	if (!parse_text(&p, &array))
		return fail(error, 0, "annotations: '" PREFIX "%s': cannot understand '%s': expected a value like 5, uint64 5, true, 'text' or ['a', 'b']", name,
			    value);
	if (is_seconds(name)) {
		const char *usec = array || p.n != 1 ? NULL : microseconds(arena, p.values[0]);

		if (!usec)
			return fail(error, 0, "annotations: '" PREFIX "%s': expected a number of seconds, got '%s'", name, value);
		systemd_property_set(list, arena, arena_printf(arena, "%.*sUSec", (int)strlen(name) - 3, name), "t", usec);
		return 0;
	}
	if (p.type == 'd')
		return fail(error, 0, "annotations: '" PREFIX "%s': no property of systemd has fractions, got '%s'", name, value);
	property = systemd_property_add(list, arena, arena_strdup(arena, name), arena_printf(arena, "%s%c", array ? "a" : "", p.type), p.n);
	if (p.n)
		memcpy(property->values, p.values, p.n * sizeof(p.values[0]));
	return 0;
}

int systemd_annotated_properties(const struct string_map *annotations, struct arena *arena, struct error *error, struct systemd_properties *list)
{
	for (size_t i = 0; i < annotations->n; i++) {
		const char *name = text_after(annotations->v[i].key, PREFIX);

		if (!name)
			continue;
		if (list->n == SYSTEMD_PROPERTIES_MAX)
			return fail(error, 0, "annotations: more than %d properties of systemd", SYSTEMD_PROPERTIES_MAX);
		if (add_property(name, annotations->v[i].value ? annotations->v[i].value : "", arena, error, list) < 0)
			return -1;
	}
	return 0;
}

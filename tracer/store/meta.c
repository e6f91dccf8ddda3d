/* SPDX-License-Identifier: MIT
 *
 * The small payloads: facts, names, index entries. INFO and NAMES entries say how
 * long they are, so that later versions can add to their ends.
 */
#include "tracer/store/bytes.h"
#include "tracer/store/inside.h"

static uint8_t *put_text(uint8_t *p, const char *text, size_t room)
{
	size_t len = strnlen(text, room - 1);
	p = put_u16(p, (uint16_t)len);
	return put_bytes(p, text, len);
}

static void take_text(struct cursor *in, char *text, size_t room)
{
	size_t len = take_u16(in);
	const uint8_t *p = take(in, len);

	memset(text, 0, room);
	if (p)
		memcpy(text, p, strnlen((const char *)p, len < room ? len : room - 1));
}

size_t gtv_info_write(const struct gtv_store_info *info, uint8_t *out)
{
	uint8_t *p = out;

	p = put_u32(p, (uint32_t)info->level);
	p = put_u32(p, info->core_count);
	p = put_u32(p, info->clock);
	p = put_u32(p, info->uid);
	p = put_u32(p, info->pid);
	p = put_u32(p, (uint32_t)info->exit_status);
	p = put_u64(p, info->start_ns);
	p = put_u64(p, info->wall_ns);
	p = put_text(p, info->host, sizeof info->host);
	p = put_text(p, info->kernel, sizeof info->kernel);
	p = put_text(p, info->command, sizeof info->command);
	p = put_u32(p, info->scope);
	p = put_u32(p, info->fallbacks);
	p = put_u32(p, info->model);
	p = put_u32(p, info->implausible);
	p = put_u32(p, info->clock_off_ns);
	p = put_u32(p, (uint32_t)info->clock_drift_ppb);
	return (size_t)(p - out);
}

int gtv_info_read(struct gtv_store_info *info, const void *bytes, size_t size)
{
	struct cursor in = {.p = bytes, .end = (const uint8_t *)bytes + size};
	struct gtv_store_info got = {.version = info->version};

	got.level = (int)take_u32(&in);
	got.core_count = take_u32(&in);
	got.clock = take_u32(&in);
	got.uid = take_u32(&in);
	got.pid = take_u32(&in);
	got.exit_status = (int32_t)take_u32(&in);
	got.start_ns = take_u64(&in);
	got.wall_ns = take_u64(&in);
	take_text(&in, got.host, sizeof got.host);
	take_text(&in, got.kernel, sizeof got.kernel);
	take_text(&in, got.command, sizeof got.command);
	/* Who reads it may make a row a core: no machine has more. */
	if (in.short_read || got.core_count > 65536 || got.level < 0 || got.level > 3)
		return -GTV_ECORRUPT;
	/* Earlier versions had no more. */
	if (in.end - in.p >= 8) {
		got.scope = take_u32(&in);
		got.fallbacks = take_u32(&in);
	}
	if (in.end - in.p >= 4)
		got.model = take_u32(&in);
	if (in.end - in.p >= 4)
		got.implausible = take_u32(&in);
	if (in.end - in.p >= 8) {
		got.clock_off_ns = take_u32(&in);
		got.clock_drift_ppb = (int32_t)take_u32(&in);
	}
	*info = got;
	return 0;
}

size_t gtv_name_write(enum gtv_class cls, const struct gtv_name *name, uint8_t *out)
{
	size_t text = strnlen(name->text, GTV_NAME_BYTES - 1);
	size_t extra = strnlen(name->extra, GTV_KIND_BYTES - 1);
	uint8_t *p = out + 2;

	*p++ = (uint8_t)cls;
	*p++ = (uint8_t)text;
	*p++ = (uint8_t)extra;
	*p++ = 0;
	p = put_u32(p, name->id);
	p = put_u32(p, name->pid);
	p = put_u32(p, name->local);
	p = put_u32(p, name->flags);
	p = put_bytes(p, name->text, text);
	p = put_bytes(p, name->extra, extra);
	put_u16(out, (uint16_t)(p - out - 2));
	return (size_t)(p - out);
}

static int read_name(struct gtv_names *names, struct cursor *in)
{
	struct gtv_name name = {0};
	unsigned cls = take_u8(in);
	size_t text_len = take_u8(in), extra_len = take_u8(in);

	take_u8(in);
	name.id = take_u32(in);
	name.pid = take_u32(in);
	name.local = take_u32(in);
	name.flags = take_u32(in);
	const uint8_t *text = take(in, text_len), *extra = take(in, extra_len);
	if (!text || !extra || text_len >= GTV_NAME_BYTES || extra_len >= GTV_KIND_BYTES)
		return -GTV_ECORRUPT;
	if (cls < 1 || cls >= GTV_CLASS_MAX)
		return 0; /* of a later version */
	memcpy(name.text, text, text_len);
	memcpy(name.extra, extra, extra_len);
	return gtv_names_set(names, (enum gtv_class)cls, &name);
}

int gtv_names_read(struct gtv_names *names, const void *bytes, size_t size)
{
	struct cursor in = {.p = bytes, .end = (const uint8_t *)bytes + size};

	while (in.p < in.end) {
		size_t len = take_u16(&in);
		const uint8_t *p = take(&in, len);
		if (!p)
			return -GTV_ECORRUPT;
		struct cursor entry = {.p = p, .end = p + len};
		int rc = read_name(names, &entry);
		if (rc)
			return rc;
	}
	return 0;
}

void gtv_index_write(const struct gtv_head *head, uint8_t *out)
{
	*out++ = head->kind;
	*out++ = 0;
	out = put_u16(out, head->flags);
	out = put_u32(out, head->count);
	out = put_u64(out, head->from_ns);
	out = put_u64(out, head->to_ns);
	out = put_u32(out, head->stored_bytes);
	out = put_u32(out, head->raw_bytes);
	out = put_u32(out, head->aux);
	put_u32(out, head->ordinal);
}

void gtv_index_read(struct gtv_head *head, const uint8_t *bytes)
{
	struct cursor in = {.p = bytes, .end = bytes + GTV_INDEX_ENTRY_BYTES};

	*head = (struct gtv_head){.version = GTV_FORMAT_VERSION};
	head->kind = take_u8(&in);
	take_u8(&in);
	head->flags = take_u16(&in);
	head->count = take_u32(&in);
	head->from_ns = take_u64(&in);
	head->to_ns = take_u64(&in);
	head->stored_bytes = take_u32(&in);
	head->raw_bytes = take_u32(&in);
	head->aux = take_u32(&in);
	head->ordinal = take_u32(&in);
}

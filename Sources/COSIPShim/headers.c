/* libosip2 keeps each kind of header in a list of its own type; this file finds them all by
 * name. */
#include "COSIPShim.h"

#include <stddef.h>
#include <strings.h>

typedef int (*rs_spell)(const void *header, char **text);

#define RS_SPELL(kind)                                                \
  static int spell_##kind(const void *header, char **text) {          \
    return osip_##kind##_to_str((const osip_##kind##_t *)header, text); \
  }

RS_SPELL(accept)
RS_SPELL(accept_encoding)
RS_SPELL(accept_language)
RS_SPELL(alert_info)
RS_SPELL(allow)
RS_SPELL(authentication_info)
RS_SPELL(authorization)
RS_SPELL(call_id)
RS_SPELL(call_info)
RS_SPELL(contact)
RS_SPELL(content_encoding)
RS_SPELL(content_length)
RS_SPELL(content_type)
RS_SPELL(cseq)
RS_SPELL(error_info)
RS_SPELL(from)
RS_SPELL(mime_version)
RS_SPELL(proxy_authenticate)
RS_SPELL(proxy_authorization)
RS_SPELL(record_route)
RS_SPELL(route)
RS_SPELL(to)
RS_SPELL(via)
RS_SPELL(www_authenticate)

struct rs_kind {
  const char *name;
  size_t offset;
  int is_list;
  rs_spell spell;
};

#define RS_LIST(name, member, kind) {name, offsetof(osip_message_t, member), 1, spell_##kind}
#define RS_ONE(name, member, kind) {name, offsetof(osip_message_t, member), 0, spell_##kind}

static const struct rs_kind kinds[] = {
    RS_LIST("accept", accepts, accept),
    RS_LIST("accept-encoding", accept_encodings, accept_encoding),
    RS_LIST("accept-language", accept_languages, accept_language),
    RS_LIST("alert-info", alert_infos, alert_info),
    RS_LIST("allow", allows, allow),
    RS_LIST("authentication-info", authentication_infos, authentication_info),
    RS_LIST("authorization", authorizations, authorization),
    RS_ONE("call-id", call_id, call_id),
    RS_LIST("call-info", call_infos, call_info),
    RS_LIST("contact", contacts, contact),
    RS_LIST("content-encoding", content_encodings, content_encoding),
    RS_ONE("content-length", content_length, content_length),
    RS_ONE("content-type", content_type, content_type),
    RS_ONE("cseq", cseq, cseq),
    RS_LIST("error-info", error_infos, error_info),
    RS_ONE("from", from, from),
    RS_ONE("mime-version", mime_version, mime_version),
    RS_LIST("proxy-authenticate", proxy_authenticates, proxy_authenticate),
    RS_LIST("proxy-authorization", proxy_authorizations, proxy_authorization),
    RS_LIST("record-route", record_routes, record_route),
    RS_LIST("route", routes, route),
    RS_ONE("to", to, to),
    RS_LIST("via", vias, via),
    RS_LIST("www-authenticate", www_authenticates, www_authenticate),
};

static char *spelled(const struct rs_kind *kind, const osip_message_t *message, int position) {
  const char *place = (const char *)message + kind->offset;
  const void *header = NULL;
  char *text = NULL;
  if (kind->is_list) {
    header = osip_list_get((osip_list_t *)place, position);
  } else if (position == 0) {
    header = *(const void *const *)place;
  }
  if (header == NULL || kind->spell(header, &text) != OSIP_SUCCESS) {
    return NULL;
  }
  return text;
}

char *rs_header(const osip_message_t *message, const char *name, int position) {
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    if (strcasecmp(kinds[i].name, name) == 0) {
      return spelled(&kinds[i], message, position);
    }
  }
  int met = 0;
  for (int i = 0; i < osip_list_size(&message->headers); i++) {
    const osip_header_t *header = osip_list_get((osip_list_t *)&message->headers, i);
    if (header->hname == NULL || strcasecmp(header->hname, name) != 0) {
      continue;
    }
    if (met++ == position) {
      return osip_strdup(header->hvalue == NULL ? "" : header->hvalue);
    }
  }
  return NULL;
}

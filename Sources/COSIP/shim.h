#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <osip2/osip.h>
#include <osipparser2/osip_parser.h>
#include <osipparser2/sdp_message.h>

/* sign_in_log.h - the log of sign-ins, which fail2ban and people read. */
#ifndef POSTLATCH_PORTAL_SIGN_IN_LOG_H
#define POSTLATCH_PORTAL_SIGN_IN_LOG_H

#include <stdint.h>

/* Writes "sign-in address=... ip=... result=WORD". The address is as somebody typed it: what
 * could look like another field is replaced. postlatch-portal(8) lists the words. */
void log_sign_in(const char *ip, const char *address, const char *result);

/* The same with result=throttled, but one line for each address and wait, however often it tries:
 * wait is how many seconds it has to wait from now on. */
void log_throttled(const char *ip, const char *address, int64_t wait);

#endif

/* sign_in_log.h - the log of sign-ins, which fail2ban and people read. */
#ifndef POSTLATCH_PORTAL_SIGN_IN_LOG_H
#define POSTLATCH_PORTAL_SIGN_IN_LOG_H

/* Writes "sign-in address=... ip=... result=WORD". The address is as somebody typed it: what
 * could look like another field is replaced. postlatch-portal(8) lists the words. */
void log_sign_in(const char *ip, const char *address, const char *result);

#endif

--
-- PostgreSQL database dump
--

\restrict abcdefghijklmnop

-- Dumped from database version 15.8 (Debian 15.8-0+deb12u1)

SET statement_timeout = 0;
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);

CREATE FUNCTION public.merge_quota() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
        BEGIN
            INSERT INTO mailbox VALUES ('function@pg.test'); RETURN NULL;
        END;
        $$;

CREATE TABLE public.alias (
    address character varying(255) NOT NULL,
    goto text NOT NULL,
    domain character varying(255) NOT NULL,
    active boolean DEFAULT true NOT NULL
);

CREATE TABLE public.domain (
    domain character varying(255) NOT NULL,
    description character varying(255) DEFAULT ''::character varying NOT NULL,
    backupmx boolean DEFAULT false NOT NULL,
    active boolean DEFAULT true NOT NULL
);

CREATE TABLE public.mailbox (
    username character varying(255) NOT NULL,
    password character varying(255) DEFAULT ''::character varying NOT NULL,
    active boolean DEFAULT true NOT NULL,
    totp_secret character varying(255) DEFAULT NULL::character varying,
    smtp_active boolean DEFAULT true NOT NULL
);

COPY public.alias (address, goto, domain, active) FROM stdin;
anna@pg.test	anna@pg.test	pg.test	t
ben@pg.test	ben@elsewhere.test	pg.test	t
\.

COPY public.domain (domain, description, backupmx, active) FROM stdin;
pg.test	It's \\ a "domain"\n;	f	t
\.

COPY public.mailbox (username, password, active, totp_secret, smtp_active) FROM stdin;
anna@pg.test	$1$not-a-hash	t	JBSWY3DPEHPK3PXP	t
ben@pg.test	$1$not-a-hash	f	\N	f
\.

ALTER TABLE ONLY public.mailbox
    ADD CONSTRAINT mailbox_key PRIMARY KEY (username);

--
-- PostgreSQL database dump complete
--

\unrestrict abcdefghijklmnop

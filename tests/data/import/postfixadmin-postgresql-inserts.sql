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

INSERT INTO public.alias VALUES ('anna@pg.test', 'anna@pg.test', 'pg.test', true);
INSERT INTO public.alias VALUES ('ben@pg.test', 'ben@elsewhere.test', 'pg.test', true);
INSERT INTO public.domain VALUES ('pg.test', 'It''s \ a "domain"
;', false, true);
INSERT INTO public.mailbox (username, password, active, totp_secret, smtp_active) VALUES ('anna@pg.test', '$1$not-a-hash', true, 'JBSWY3DPEHPK3PXP', true);
INSERT INTO public.mailbox (username, password, active, totp_secret, smtp_active) VALUES ('ben@pg.test', '$1$not-a-hash', false, NULL, false);

ALTER TABLE ONLY public.mailbox
    ADD CONSTRAINT mailbox_key PRIMARY KEY (username);

--
-- PostgreSQL database dump complete
--

\unrestrict abcdefghijklmnop

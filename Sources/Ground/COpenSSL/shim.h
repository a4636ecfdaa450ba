// OpenSSL 3, and functions in place of the macros and variadic functions that Swift cannot import.
#pragma once

#if !__has_include(<openssl/ssl.h>)
#error "the headers of OpenSSL are missing: install libssl-dev (make run and make test do)"
#endif

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#if OPENSSL_VERSION_MAJOR < 3
#error "Ganglion needs the headers of OpenSSL 3: install libssl-dev of a current distribution"
#endif

// Options are defined with casts and shifts.
static const uint64_t ganglion_ssl_op_no_renegotiation = SSL_OP_NO_RENEGOTIATION;
static const uint64_t ganglion_ssl_op_no_ticket = SSL_OP_NO_TICKET;
static const uint64_t ganglion_ssl_op_no_compression = SSL_OP_NO_COMPRESSION;
static const uint64_t ganglion_ssl_op_server_preference = SSL_OP_CIPHER_SERVER_PREFERENCE;
static const unsigned long ganglion_name_flags = XN_FLAG_RFC2253;

// Returns 1 when OpenSSL is ready. No handler at exit: threads may still be in the library when the process ends.
static inline int ganglion_ssl_init(void) {
    return OPENSSL_init_ssl(OPENSSL_INIT_NO_ATEXIT, NULL);
}

static inline int ganglion_ssl_ctx_set_min_version(SSL_CTX *context, int version) {
    return (int)SSL_CTX_set_min_proto_version(context, version);
}

static inline int ganglion_ssl_ctx_set_max_version(SSL_CTX *context, int version) {
    return (int)SSL_CTX_set_max_proto_version(context, version);
}

// The buffer may move between two tries of a write, and a write may take a part.
static inline void ganglion_ssl_ctx_set_modes(SSL_CTX *context) {
    SSL_CTX_set_mode(
        context,
        SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
}

// No sessions to resume: they would need state, and none of our connections is short.
static inline void ganglion_ssl_ctx_forget_sessions(SSL_CTX *context) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 0);
}

static inline int ganglion_ssl_ctx_add_chain_certificate(SSL_CTX *context, X509 *certificate) {
    return (int)SSL_CTX_add1_chain_cert(context, certificate);
}

static inline int ganglion_ssl_set_server_name(SSL *ssl, const char *name) {
    return (int)SSL_set_tlsext_host_name(ssl, name);
}

// The octets that wait in a memory BIO; they stay until they are read or it is reset.
static inline long ganglion_bio_contents(BIO *bio, const char **bytes) {
    char *start = NULL;
    long count = BIO_get_mem_data(bio, &start);
    *bytes = start;
    return count;
}

static inline int ganglion_bio_reset(BIO *bio) { return (int)BIO_reset(bio); }

static inline EVP_PKEY *ganglion_make_p256_key(void) { return EVP_EC_gen("P-256"); }

static inline int ganglion_names_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }

static inline GENERAL_NAME *ganglion_names_get(const GENERAL_NAMES *names, int index) {
    return sk_GENERAL_NAME_value(names, index);
}

static inline int ganglion_names_append(GENERAL_NAMES *names, GENERAL_NAME *name) {
    return sk_GENERAL_NAME_push(names, name);
}

-- Who is signed in to the portal. The cookie holds 256 random bits; here is only their keyed hash.
create table portal_session (
    tenant text not null,
    id bytea not null,
    mode text not null,
    persona text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (tenant, id)
);
create unique index portal_session_by_id on portal_session (id);

-- The words of messages are kept for a while; this finds those whose time is over without reading all messages.
CREATE INDEX outbox_with_words ON outbox (provider_id, created_at) WHERE body IS NOT NULL;

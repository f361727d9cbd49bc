"""What was recorded, sent to those who asked for it: webhooks, by Standard Webhooks 1.0.0."""

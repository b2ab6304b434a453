"""The portal: pages made on the server from what the experience and process contracts answer. No page reads tables."""

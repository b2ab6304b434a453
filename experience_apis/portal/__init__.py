"""The portal: pages rendered on the server, and the charts in them."""

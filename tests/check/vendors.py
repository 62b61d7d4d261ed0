"""The vendor's own example layouts, with mail set up, in our words."""

from __future__ import annotations

from pathlib import Path

CONFIG = """\
db_url = "postgres://bomnipotent_user:${BOMNIPOTENT_DB_PW}@bomnipotent_db:5432/bomnipotent_db"
domain = "https://bomnipotent.example.org"

[tls]
certificate_chain_path = "/etc/ssl/certs/chain.crt"
secret_key_path = "/etc/ssl/private/server.key"

[provider_metadata.publisher]
name = "Example"
namespace = "https://example.org"
category = "vendor"
contact_details = "security@example.org"

[smtp]
user = "me@example.org"
endpoint = "mail.example.org"
secret = "${SMTP_SECRET}"
"""
ENV = "BOMNIPOTENT_DB_PW=dbpass\nSMTP_SECRET=hunter22\n"

_DATABASE = """\
  bomnipotent_db:
    container_name: bomnipotent_db
    environment:
      POSTGRES_DB: bomnipotent_db
      POSTGRES_USER: bomnipotent_user
      POSTGRES_PASSWORD: ${BOMNIPOTENT_DB_PW}
    healthcheck:
      test: ["CMD-SHELL", "pg_isready -U bomnipotent_user -d bomnipotent_db"]
      interval: 60s
    image: postgres:17-alpine3.21
    networks:
      - bomnipotent_network
    volumes:
      - bomnipotent_data:/var/lib/postgresql/data
"""
SERVER = """\
  bomnipotent_server:
    container_name: bomnipotent_server
    depends_on:
      bomnipotent_db:
        condition: service_healthy
    deploy:
      resources:
        limits:
          cpus: "0.5"
          memory: "512M"
    environment:
      BOMNIPOTENT_DB_PW: ${BOMNIPOTENT_DB_PW}
      SMTP_SECRET: ${SMTP_SECRET}
    image: wwhsoft/bomnipotent_server:latest
    networks:
      - bomnipotent_network
    ports:
      - target: 8443
        published: 443
    restart: always
    volumes:
      - type: bind
        source: ./bomnipotent_config
        target: /etc/bomnipotent_server/configs/
        read_only: true
"""
COMPOSE = f"""\
name: bomnipotent_server_containers

networks:
  bomnipotent_network:
    driver: bridge

volumes:
  bomnipotent_data:
    driver: local

services:
{_DATABASE}
{SERVER}      - type: bind
        source: /etc/ssl
        target: /etc/ssl
        read_only: true
"""
PROXY = f"""\
name: bomnipotent_server_containers

networks:
  bomnipotent_network:
    driver: bridge
  proxy_network:
    driver: bridge

volumes:
  bomnipotent_data:
    driver: local
  bomnipotent_subscription:
    driver: local

services:
  reverse_proxy:
    container_name: reverse_proxy
    image: nginx:latest
    networks:
      - proxy_network
    ports:
      - "443:443"
    volumes:
      - type: bind
        source: /etc/ssl
        target: /etc/ssl
        read_only: true
      - type: bind
        source: ./proxy_config/conf.d
        target: /etc/nginx/conf.d
        read_only: true

{_DATABASE}
{SERVER}      - bomnipotent_subscription:/root/.config/bomnipotent
"""
PROXY_CONFIG = CONFIG.replace(
    'certificate_chain_path = "/etc/ssl/certs/chain.crt"\n'
    'secret_key_path = "/etc/ssl/private/server.key"\n',
    "allow_http = true\n",
)
STANDALONE_CONFIG = CONFIG.replace("@bomnipotent_db:", "@localhost:").replace(
    "\n[tls]", 'https_port = 443\n\n[log]\nfile = "/var/log/bomnipotent.log"\n\n[tls]', 1
)


def write(directory: Path, files: dict[str, str]) -> Path:
    """Write files as private ones; return the path of config.toml."""
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o600)
    return directory / "bomnipotent_config" / "config.toml"


def compose(
    compose: str = COMPOSE, config: str = CONFIG, env: str = ENV, **more: str
) -> dict[str, str]:
    """Return the files of the Compose layout."""
    return {
        ".env": env,
        "bomnipotent_config/config.toml": config,
        "bomnipotent_config/config.toml.default": config,
        "compose.yaml": compose,
        **more,
    }


def standalone(config: str = STANDALONE_CONFIG, env: str = ENV, **more: str) -> dict[str, str]:
    """Return the files of the standalone layout."""
    return {
        "bomnipotent_config/config.toml": config,
        "bomnipotent_config/config.toml.default": config,
        "bomnipotent_config/.env": env,
        **more,
    }

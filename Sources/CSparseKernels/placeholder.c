typedef int csk_placeholder;

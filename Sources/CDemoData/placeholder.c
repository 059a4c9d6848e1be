typedef int cdd_placeholder;
